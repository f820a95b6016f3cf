/*
 *   listen-first SOCKET PROGRAM [ARGUMENT…]
 *
 * Makes a listening unix socket as file descriptor 3 and becomes the program, which hands the socket on to the X server
 * (sd_listen_fds(3)). What draws on the display can then be started at the same time as the display: it connects at
 * once and waits in the queue, instead of being started only when the server is up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 71;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: listen-first SOCKET PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(arguments[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, arguments[1]);

  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0) return fail("listen-first: socket");
  unlink(arguments[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return fail("listen-first: bind");
  if (listen(listener, 128) != 0) return fail("listen-first: listen");
  if (listener != 3) {
    if (dup2(listener, 3) < 0) return fail("listen-first: dup2");
    close(listener);
  }
  setenv("LISTEN_FDS", "1", 1);
  execv(arguments[2], arguments + 2);
  return fail(arguments[2]);
}
