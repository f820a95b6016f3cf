/*
 * The first thing a person sees of a desktop.
 *
 *   first-picture HIDDEN_SOCKET SOCKET MARKER
 *
 * paints the wallpaper on the root window, only then gives the VNC server's socket its public name (so that nobody is
 * ever sent a black screen), and waits for the panel: as soon as a window of the type "dock" is viewable the file
 * MARKER is made, and the program ends.
 *
 *   first-picture --svg
 *
 * prints the same wallpaper as SVG, for the file manager, which draws it from then on.
 *
 * The picture is the rings of a powder diffraction in a few flat colours: next to nothing to send over a network,
 * where a photograph or a smooth gradient would cost every viewer megabytes.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>

#define WIDTH 1920.0
#define HEIGHT 1200.0
#define CENTRE_X 1480.0
#define CENTRE_Y 980.0
#define BACKGROUND 0x2f4447
#define VISUALS "/usr/lib/asci/gdk-visuals"

struct ring {
  double radius;
  uint32_t colour;
};

/* From the outside in. */
static const struct ring rings[] = {
    {1660, 0x314749}, {1450, 0x33494c}, {1436, 0x314749}, {1180, 0x354c4f}, {980, 0x385053},
    {962, 0x354c4f},  {760, 0x3a5356},  {560, 0x3d5759},  {546, 0x3a5356},  {380, 0x405b5d},
    {230, 0x445f61},  {218, 0x405b5d},  {96, 0x486466},
};
#define RINGS (sizeof rings / sizeof rings[0])

static void print_svg(void) {
  printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\">\n", WIDTH, HEIGHT);
  printf("<rect width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/>\n", BACKGROUND);
  for (size_t i = 0; i < RINGS; i++)
    printf("<circle cx=\"%g\" cy=\"%g\" r=\"%g\" fill=\"#%06x\"/>\n", CENTRE_X, CENTRE_Y,
           rings[i].radius, rings[i].colour);
  printf("</svg>\n");
}

static uint32_t blend(uint32_t below, uint32_t above, double share) {
  uint32_t mixed = 0;
  for (int shift = 0; shift < 24; shift += 8) {
    double low = (below >> shift) & 0xff, high = (above >> shift) & 0xff;
    mixed |= (uint32_t)(low + (high - low) * share + 0.5) << shift;
  }
  return mixed;
}

/* One row of one disc: solid where it surely covers, blended by the distance within a pixel of its edge. */
static void draw_row(uint32_t *row, int width, double dy, double centre, double radius,
                     uint32_t colour) {
  double reach = (radius + 1) * (radius + 1) - dy * dy;
  if (reach <= 0) return;
  double outer = sqrt(reach);
  double core = (radius - 1) * (radius - 1) - dy * dy;
  double inner = core > 0 ? sqrt(core) : -1;
  int first = (int)fmax(0, floor(centre - outer)), last = (int)fmin(width - 1, ceil(centre + outer));
  for (int x = first; x <= last; x++) {
    double dx = fabs(x + 0.5 - centre);
    if (dx < inner) {
      row[x] = colour;
      continue;
    }
    double share = radius + 0.5 - sqrt(dx * dx + dy * dy);
    if (share > 0) row[x] = share >= 1 ? colour : blend(row[x], colour, share);
  }
}

static void draw(uint32_t *pixels, int width, int height) {
  /* "zoom", as the desktop does it: cover the screen, centred, cut off what is over. */
  double scale = fmax(width / WIDTH, height / HEIGHT);
  double centre_x = width / 2.0 + (CENTRE_X - WIDTH / 2) * scale;
  double centre_y = height / 2.0 + (CENTRE_Y - HEIGHT / 2) * scale;
  for (int y = 0; y < height; y++) {
    uint32_t *row = pixels + (size_t)y * width;
    for (int x = 0; x < width; x++) row[x] = BACKGROUND;
    for (size_t i = 0; i < RINGS; i++)
      draw_row(row, width, y + 0.5 - centre_y, centre_x, rings[i].radius * scale, rings[i].colour);
  }
}

static xcb_atom_t atom(xcb_connection_t *x, const char *name) {
  xcb_intern_atom_reply_t *reply =
      xcb_intern_atom_reply(x, xcb_intern_atom(x, 0, strlen(name), name), NULL);
  xcb_atom_t value = reply ? reply->atom : XCB_ATOM_NONE;
  free(reply);
  return value;
}

static void paint_root(xcb_connection_t *x, const xcb_screen_t *screen, int width, int height) {
  uint32_t *pixels = malloc((size_t)width * height * 4);
  if (!pixels) return;
  draw(pixels, width, height);

  xcb_pixmap_t pixmap = xcb_generate_id(x);
  xcb_create_pixmap(x, screen->root_depth, pixmap, screen->root, width, height);
  xcb_gcontext_t context = xcb_generate_id(x);
  xcb_create_gc(x, context, pixmap, 0, NULL);
  /* In strips, as a request has a largest length. */
  int strip = (int)(xcb_get_maximum_request_length(x) * 4 - 64) / (width * 4);
  if (strip > 64) strip = 64;
  for (int y = 0; strip > 0 && y < height; y += strip) {
    int rows = height - y < strip ? height - y : strip;
    xcb_put_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, pixmap, context, width, rows, 0, y, 0,
                  screen->root_depth, (uint32_t)(rows * width * 4),
                  (const uint8_t *)(pixels + (size_t)y * width));
  }
  xcb_change_window_attributes(x, screen->root, XCB_CW_BACK_PIXMAP, &pixmap);
  xcb_clear_area(x, 0, screen->root, 0, 0, 0, 0);
  free(pixels);
}

static int visual_depth(const xcb_screen_t *screen, xcb_visualid_t visual) {
  for (xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen); d.rem; xcb_depth_next(&d))
    for (xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data); v.rem; xcb_visualtype_next(&v))
      if (v.data->visual_id == visual) return d.data->depth;
  return 0;
}

/*
 * The first GTK program on a display loads the whole of OpenGL to choose two visuals, and leaves its choice on the root
 * window for all others. The choice is the same at every start, so it was written down when the image was made; it is
 * left here only when the display has these visuals, and draws in software as it did then.
 */
static void give_visuals(xcb_connection_t *x, const xcb_screen_t *screen) {
  uint32_t visuals[2];
  FILE *file = fopen(VISUALS, "r");
  int read = file ? fscanf(file, "%u, %u", &visuals[0], &visuals[1]) : 0;
  if (file) fclose(file);
  if (read != 2 || access("/dev/dri", F_OK) == 0) return;
  if (visual_depth(screen, visuals[0]) != 24 || visual_depth(screen, visuals[1]) != 32) return;
  xcb_change_property(x, XCB_PROP_MODE_REPLACE, screen->root, atom(x, "GDK_VISUALS"),
                      XCB_ATOM_INTEGER, 32, 2, visuals);
  xcb_flush(x);
}

/* True when the window is a panel: its type says dock. */
static int is_dock(xcb_connection_t *x, xcb_window_t window, xcb_atom_t type, xcb_atom_t dock) {
  xcb_get_property_reply_t *reply = xcb_get_property_reply(
      x, xcb_get_property(x, 0, window, type, XCB_ATOM_ATOM, 0, 16), NULL);
  int found = 0;
  if (reply) {
    const xcb_atom_t *types = xcb_get_property_value(reply);
    int count = xcb_get_property_value_length(reply) / (int)sizeof *types;
    for (int i = 0; i < count; i++) found |= types[i] == dock;
  }
  free(reply);
  return found;
}

/* Measured against the root window as it is now: a viewer may have resized the screen since the display started. */
static int is_in_sight(xcb_connection_t *x, const xcb_screen_t *screen, xcb_window_t window) {
  xcb_get_window_attributes_cookie_t asked = xcb_get_window_attributes(x, window);
  xcb_get_geometry_cookie_t measured = xcb_get_geometry(x, window);
  xcb_get_geometry_cookie_t whole = xcb_get_geometry(x, screen->root);
  xcb_get_window_attributes_reply_t *attributes = xcb_get_window_attributes_reply(x, asked, NULL);
  xcb_get_geometry_reply_t *place = xcb_get_geometry_reply(x, measured, NULL);
  xcb_get_geometry_reply_t *root = xcb_get_geometry_reply(x, whole, NULL);
  int seen = attributes && place && root && attributes->map_state == XCB_MAP_STATE_VIEWABLE &&
             place->x < root->width && place->x + place->width > 0 && place->y < root->height &&
             place->y + place->height > 0;
  free(attributes);
  free(place);
  free(root);
  return seen;
}

/* Returns 0 when a panel is in sight, 1 when the X server is gone. */
static int wait_for_panel(xcb_connection_t *x, const xcb_screen_t *screen) {
  xcb_atom_t type = atom(x, "_NET_WM_WINDOW_TYPE"), dock = atom(x, "_NET_WM_WINDOW_TYPE_DOCK");
  xcb_query_tree_reply_t *tree = xcb_query_tree_reply(x, xcb_query_tree(x, screen->root), NULL);
  int count = tree ? xcb_query_tree_children_length(tree) : 0;
  for (int i = 0; i < count; i++) {
    xcb_window_t window = xcb_query_tree_children(tree)[i];
    if (is_dock(x, window, type, dock) && is_in_sight(x, screen, window)) return 0;
  }
  free(tree);

  xcb_generic_event_t *event;
  while ((event = xcb_wait_for_event(x))) {
    int kind = event->response_type & 0x7f;
    xcb_window_t window = XCB_NONE;
    if (kind == XCB_MAP_NOTIFY) window = ((xcb_map_notify_event_t *)event)->window;
    if (kind == XCB_CONFIGURE_NOTIFY) {
      xcb_configure_notify_event_t *change = (xcb_configure_notify_event_t *)event;
      window = change->window;
      /* A viewer that comes early resizes the screen: the picture follows. */
      if (window == screen->root) {
        paint_root(x, screen, change->width, change->height);
        xcb_flush(x);
        window = XCB_NONE;
      }
    }
    free(event);
    if (window && is_dock(x, window, type, dock) && is_in_sight(x, screen, window)) return 0;
  }
  return 1;
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "--svg") == 0) {
    print_svg();
    return 0;
  }
  if (count != 4) {
    fprintf(stderr, "usage: first-picture HIDDEN_SOCKET SOCKET MARKER | --svg\n");
    return 2;
  }
  xcb_connection_t *x = xcb_connect(NULL, NULL);
  if (xcb_connection_has_error(x)) return 1;
  const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(x)).data;

  uint32_t events = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
  xcb_change_window_attributes(x, screen->root, XCB_CW_EVENT_MASK, &events);
  give_visuals(x, screen);
  paint_root(x, screen, screen->width_in_pixels, screen->height_in_pixels);
  /* Any answer means that everything asked for before has been done. */
  free(xcb_get_input_focus_reply(x, xcb_get_input_focus(x), NULL));
  if (rename(arguments[1], arguments[2]) != 0) {
    perror("first-picture: socket");
    return 1;
  }
  if (wait_for_panel(x, screen) != 0) return 1;
  int marker = open(arguments[3], O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (marker < 0) {
    perror("first-picture: marker");
    return 1;
  }
  return 0;
}
