/* A disk without space. Preloaded into every process of the server where no small disk can be mounted (LD_PRELOAD).
 *
 * While the first byte of FAULT_FULL is '1', whatever would make a file below FAULT_ROOT larger fails with ENOSPC.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX];
static volatile char *is_full;
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);

__attribute__((constructor)) static void prepare(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  const char *of = getenv("FAULT_ROOT"), *by = getenv("FAULT_FULL");
  int file = of && by && realpath(of, root) ? open(by, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (map != MAP_FAILED) is_full = map;
}

static int grows(int file, off_t size) {
  char link[64], path[PATH_MAX];
  struct stat found;
  if (!is_full || *is_full != '1' || fstat(file, &found) || !S_ISREG(found.st_mode) || size <= found.st_size) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, root, strlen(root)) == 0;
}

ssize_t write(int file, const void *data, size_t size) {
  if (is_full && *is_full == '1') {
    off_t at = fcntl(file, F_GETFL) & O_APPEND ? lseek(file, 0, SEEK_END) : lseek(file, 0, SEEK_CUR);
    if (at >= 0 && grows(file, at + (off_t)size)) return errno = ENOSPC, -1;
  }
  return real_write(file, data, size);
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t at) {
  return grows(file, at + (off_t)size) ? (errno = ENOSPC, -1) : real_pwrite(file, data, size, at);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return pwrite64(file, data, size, at); }

int ftruncate64(int file, off_t size) {
  return grows(file, size) ? (errno = ENOSPC, -1) : real_ftruncate(file, size);
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }
