/*
 *   screenshot >FILE.ppm
 *
 * The screen as a binary PPM, pixel for pixel as the display has it. xwd(1) does not give that: it reads windows of
 * different depths one by one and ignores their shapes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xcb/xcb.h>

int main(void) {
  xcb_connection_t *x = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(x)) return 1;
  xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(x)).data;
  xcb_get_geometry_reply_t *size =
      xcb_get_geometry_reply(x, xcb_get_geometry(x, screen->root), NULL);
  if (!size) return 1;
  xcb_get_image_reply_t *image = xcb_get_image_reply(
      x, xcb_get_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, 0, 0, size->width, size->height, ~0u),
      NULL);
  if (!image) return 1;
  const uint32_t *pixels = (const uint32_t *)xcb_get_image_data(image);
  size_t count = (size_t)size->width * size->height;
  uint8_t *bytes = malloc(count * 3);
  if (!bytes) return 1;
  for (size_t i = 0; i < count; i++) {
    bytes[3 * i] = pixels[i] >> 16;
    bytes[3 * i + 1] = pixels[i] >> 8;
    bytes[3 * i + 2] = pixels[i];
  }
  printf("P6\n%d %d\n255\n", size->width, size->height);
  return fwrite(bytes, 3, count, stdout) == count ? 0 : 1;
}
