/*
 * Stands in the place of xkbcomp(1), which the X server runs at each start to compile the very same keyboard. What it is
 * asked most is answered from a file that was made with the image; anything else goes to the real program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL "/usr/bin/xkbcomp.real"
#define QUESTION "/usr/lib/asci/keymap.xkb"
#define ANSWER "/usr/lib/asci/keymap.xkm"
#define LARGEST (256 * 1024)

static size_t read_all(FILE *file, char *buffer) {
  size_t length = file ? fread(buffer, 1, LARGEST, file) : 0;
  return length;
}

int main(int count, char **arguments) {
  int asks_stdin = 0;
  for (int i = 1; i < count; i++) asks_stdin |= strcmp(arguments[i], "-") == 0;
  if (count < 3 || !asks_stdin) {
    execv(REAL, arguments);
    return 127;
  }
  static char asked[LARGEST], known[LARGEST];
  size_t length = read_all(stdin, asked);
  FILE *question = fopen(QUESTION, "r");
  if (question && read_all(question, known) == length && memcmp(asked, known, length) == 0) {
    FILE *answer = fopen(ANSWER, "r"), *output = fopen(arguments[count - 1], "w");
    size_t size = read_all(answer, known);
    if (output && size > 0 && fwrite(known, 1, size, output) == size && fclose(output) == 0) return 0;
  }
  /* The real program reads what we have read already. */
  FILE *again = tmpfile();
  if (!again || fwrite(asked, 1, length, again) != length || fflush(again) != 0) return 1;
  rewind(again);
  dup2(fileno(again), 0);
  execv(REAL, arguments);
  return 127;
}
