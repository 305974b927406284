/* Classifies the test images with the compiled network: classify test_images.npy test_labels.npy */
#define _POSIX_C_SOURCE 199309L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "digits.h"

enum { PIXELS = AFP_DIGITS_INPUT0_ELEMENTS, CLASSES = AFP_DIGITS_OUTPUT0_ELEMENTS };

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

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: classify IMAGES.npy LABELS.npy\n");
    return 2;
  }
  FILE *images = open_array(argv[1]), *labels = open_array(argv[2]);
  /* Larger than it need be, to find a place in it that is aligned. */
  static unsigned char memory[AFP_DIGITS_ARENA_BYTES + AFP_DIGITS_ARENA_ALIGNMENT];
  void *arena = memory + (AFP_DIGITS_ARENA_ALIGNMENT - (uintptr_t)memory % AFP_DIGITS_ARENA_ALIGNMENT);
  float image[PIXELS], logits[CLASSES];
  uint8_t label;
  int right = 0, count = 0;
  double time = 0;
  while (fread(image, sizeof image, 1, images) == 1 && fread(&label, 1, 1, labels) == 1) {
    const void *inputs[] = {image};
    void *outputs[] = {logits};
    double start = seconds();
    if (digits_run(inputs, outputs, arena) != 0) return 1;
    time += seconds() - start;
    int best = 0;
    for (int i = 1; i < CLASSES; ++i)
      if (logits[i] > logits[best]) best = i;
    right += best == label;
    count += 1;
  }
  if (count == 0) {
    fprintf(stderr, "%s: no image\n", argv[1]);
    return 1;
  }
  printf("top-1       %.2f %% (%d of %d right)\n", 100.0 * right / count, right, count);
  printf("time        %.2f us per image\n", 1e6 * time / count);
  fclose(images);
  fclose(labels);
  return 0;
}
