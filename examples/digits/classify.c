/* Classifies the test images with the compiled network: classify test_images.npy test_labels.npy */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"

enum { PIXELS = 64, CLASSES = 10 };

/* Opens a .npy file and skips its header: ten bytes, the last two of which say how many follow. */
static FILE *open_array(const char *path) {
  unsigned char start[10];
  FILE *file = fopen(path, "rb");
  if (!file || fread(start, 1, sizeof start, file) != sizeof start ||
      fseek(file, start[8] + 256L * start[9], SEEK_CUR) != 0) {
    fprintf(stderr, "%s: expected a .npy file\n", path);
    exit(1);
  }
  return file;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: classify IMAGES.npy LABELS.npy\n");
    return 2;
  }
  FILE *images = open_array(argv[1]), *labels = open_array(argv[2]);
  static unsigned char arena[AFP_DIGITS_ARENA_BYTES];
  float image[PIXELS], logits[CLASSES];
  uint8_t label;
  int right = 0, count = 0;
  while (fread(image, sizeof image, 1, images) == 1 && fread(&label, 1, 1, labels) == 1) {
    const void *inputs[] = {image};
    void *outputs[] = {logits};
    if (digits_run(inputs, outputs, arena) != 0) return 1;
    int best = 0;
    for (int i = 1; i < CLASSES; ++i)
      if (logits[i] > logits[best]) best = i;
    right += best == label;
    count += 1;
  }
  printf("%d of %d right\n", right, count);
  fclose(images);
  fclose(labels);
  return 0;
}
