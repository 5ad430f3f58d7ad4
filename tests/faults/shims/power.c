/* A disk that can lose power. Preloaded into every process of the server (LD_PRELOAD).
 *
 * Beside the real files below FAULT_ROOT it keeps, below FAULT_SHADOW, what a disk would still hold after a power cut:
 *   inodes/KEY   the content of a file as of its last fsync or fdatasync
 *   names/NAME   which file a name stands for, as of the last fsync of its folder ('/' written as '|')
 *   dirty/KEY    one byte for each block that was written and not yet synced, shared by all processes
 * A real fsync is not needed and not done. FAULT_CONTROL is a small shared file: the test writes how many operations
 * are left; at the last one everything stands still, in all processes, until the test kills them.
 *
 * Files that end in -shm live in memory only and need no durability.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK 4096
#define MOST_BLOCKS (1 << 18) /* files up to 1 GiB */
#define MOST_FILES 65536
#define KINDS 4

/* Kinds of operations that are counted: all; on the database itself (a checkpoint); on its log; on any other file. */
enum { ANY, DATABASE, LOG, OTHER };

struct control {
  _Atomic int frozen;
  _Atomic int quiet; /* nothing is counted while set */
  _Atomic long left[KINDS];
  _Atomic long done[KINDS];
};

struct watched {
  int is_folder;
  int kind;
  int shadow; /* the file in inodes/ */
  _Atomic unsigned char *dirty;
  char path[PATH_MAX];
};

static char root[PATH_MAX], shadow[PATH_MAX];
static size_t root_length;
static struct control *control;
static struct watched *_Atomic files[MOST_FILES];

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static ssize_t (*real_sendfile)(int, int, off_t *, size_t);
static ssize_t (*real_copy)(int, off64_t *, int, off64_t *, size_t, unsigned);

static void baseline(void);

__attribute__((constructor)) static void prepare(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_renameat = dlsym(RTLD_NEXT, "renameat");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
  real_sendfile = dlsym(RTLD_NEXT, "sendfile64");
  real_copy = dlsym(RTLD_NEXT, "copy_file_range");
  const char *of = getenv("FAULT_ROOT"), *to = getenv("FAULT_SHADOW"), *by = getenv("FAULT_CONTROL");
  if (!of || !to || !by || !realpath(of, root)) return;
  snprintf(shadow, sizeof shadow, "%s", to);
  int file = real_open(by, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  real_close(file);
  if (control == MAP_FAILED) abort();
  root_length = strlen(root);
  if (getenv("FAULT_BASELINE")) baseline();
}

/* ------------------------------------------------------------------------------------------------- the cut */

static void stand_still(void) {
  for (;;) pause();
}

/* One operation of a kind is about to happen: nothing more happens once the power is gone. */
static void gate(int kind) {
  if (atomic_load(&control->frozen)) stand_still();
  if (atomic_load(&control->quiet)) return;
  int counted[2] = {ANY, kind};
  for (int place = 0; place < 2; place++) {
    atomic_fetch_add(&control->done[counted[place]], 1);
    if (atomic_load(&control->left[counted[place]]) > 0 && atomic_fetch_sub(&control->left[counted[place]], 1) == 1)
      atomic_store(&control->frozen, 1);
  }
  if (atomic_load(&control->frozen)) stand_still();
}

/* ----------------------------------------------------------------------------------------------- the shadow */

static int is_below(const char *path) {
  return root_length && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static int ends(const char *text, const char *end) {
  size_t length = strlen(text), other = strlen(end);
  return length >= other && strcmp(text + length - other, end) == 0;
}

/* A number of a file is used again after its end; together with its birth it is not. */
static int key_of(int folder, const char *path, char *key, size_t size) {
  struct statx found;
  int flags = *path ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
  if (statx(folder, path, flags, STATX_INO | STATX_BTIME | STATX_TYPE, &found)) return -1;
  snprintf(key, size, "%llu-%lld.%u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
           found.stx_btime.tv_nsec);
  return S_ISREG(found.stx_mode) ? 1 : 0;
}

static struct watched *of(int file) {
  return root_length && file >= 0 && file < MOST_FILES ? atomic_load(&files[file]) : NULL;
}

static void mark(struct watched *one, off_t from, off_t to) {
  if (!one->dirty) return;
  for (off_t block = from / BLOCK; block * BLOCK < to && block < MOST_BLOCKS; block++) atomic_store(&one->dirty[block], 1);
}

static off_t size_of(int file) {
  struct stat found;
  return fstat(file, &found) ? 0 : found.st_size;
}

static void watch(int file, int flags) {
  if (!root_length || file < 0 || file >= MOST_FILES) return;
  char link[64], path[PATH_MAX], key[96], beside[PATH_MAX + 128];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (!is_below(path) || ends(path, "-shm")) return;
  struct stat found;
  if (fstat(file, &found) || (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))) return;
  struct watched *one = calloc(1, sizeof *one);
  snprintf(one->path, sizeof one->path, "%s", path);
  one->is_folder = S_ISDIR(found.st_mode);
  one->shadow = -1;
  one->kind = ends(path, ".db") ? DATABASE : ends(path, "-wal") ? LOG : OTHER;
  if (!one->is_folder) {
    if (key_of(file, "", key, sizeof key) < 0) abort();
    snprintf(beside, sizeof beside, "%s/inodes/%s", shadow, key);
    one->shadow = real_open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    snprintf(beside, sizeof beside, "%s/dirty/%s", shadow, key);
    int map = real_open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (one->shadow < 0 || map < 0 || real_ftruncate(map, MOST_BLOCKS + 1)) abort();
    one->dirty = mmap(NULL, MOST_BLOCKS + 1, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    real_close(map);
    if (one->dirty == MAP_FAILED) abort();
    if (flags & O_TRUNC) mark(one, 0, size_of(one->shadow));
  }
  atomic_store(&files[file], one);
}

static void forget(int file) {
  if (file < 0 || file >= MOST_FILES) return;
  struct watched *one = atomic_exchange(&files[file], NULL);
  if (!one) return;
  if (one->dirty) munmap((void *)one->dirty, MOST_BLOCKS + 1);
  if (one->shadow >= 0) real_close(one->shadow);
  free(one);
}

/* What was written of this file reaches the disk. */
static void sync_content(int file, struct watched *one) {
  char block[BLOCK];
  while (atomic_exchange(&one->dirty[MOST_BLOCKS], 1)) usleep(20); /* one at a time, in all processes */
  off_t size = size_of(file);
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file); /* it may be open for writing only */
  int reader = real_open(link, O_RDONLY | O_CLOEXEC);
  for (off_t number = 0; number * BLOCK < size && number < MOST_BLOCKS; number++) {
    if (!atomic_exchange(&one->dirty[number], 0)) continue;
    ssize_t got = pread(reader, block, BLOCK, number * BLOCK);
    if (got > 0 && real_pwrite(one->shadow, block, got, number * BLOCK) != got) abort();
  }
  if (real_ftruncate(one->shadow, size)) abort();
  real_close(reader);
  atomic_store(&one->dirty[MOST_BLOCKS], 0);
}

static void name_beside(const char *path, char *beside, size_t size) {
  snprintf(beside, size, "%s/names/%s", shadow, path + root_length + 1);
  for (char *letter = beside + strlen(shadow) + 7; *letter; letter++) {
    if (*letter == '/') *letter = '|';
  }
}

static void set_name(const char *path, const char *key) {
  char beside[2 * PATH_MAX];
  name_beside(path, beside, sizeof beside);
  int file = real_open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || real_write(file, key, strlen(key)) < 0) abort();
  real_close(file);
}

/* Which names a folder has reaches the disk: those that came, those that went. */
static void sync_names(const char *folder) {
  DIR *list = opendir(folder);
  struct dirent *entry;
  char path[2 * PATH_MAX], key[96];
  if (!list) return;
  while ((entry = readdir(list))) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (!ends(path, "-shm") && key_of(AT_FDCWD, path, key, sizeof key) == 1) set_name(path, key);
  }
  closedir(list);
  char names[PATH_MAX + 16], start[2 * PATH_MAX];
  snprintf(names, sizeof names, "%s/names", shadow);
  snprintf(path, sizeof path, "%s/x", folder);
  name_beside(path, start, sizeof start);
  char *within = start + strlen(names) + 1;
  size_t prefix = strlen(within) - 1;
  if (!(list = opendir(names))) return;
  while ((entry = readdir(list))) {
    if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.')) continue;
    if (strncmp(entry->d_name, within, prefix) || strchr(entry->d_name + prefix, '|')) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name + prefix);
    if (access(path, F_OK) == 0) continue;
    snprintf(path, sizeof path, "%s/%s", names, entry->d_name);
    real_unlink(path);
  }
  closedir(list);
}

static int keep(const char *path, const struct stat *found, int kind, struct FTW *at) {
  (void)found, (void)at;
  if (kind == FTW_D) sync_names(path);
  if (kind != FTW_F || ends(path, "-shm")) return 0;
  int file = real_open(path, O_RDONLY | O_CLOEXEC);
  watch(file, 0);
  struct watched *one = of(file);
  if (one) {
    mark(one, 0, size_of(file));
    sync_content(file, one);
  }
  forget(file);
  real_close(file);
  return 0;
}

/* Everything that is there now is on the disk. */
static void baseline(void) {
  nftw(root, keep, 64, FTW_PHYS);
}

/* ------------------------------------------------------------------------------------------- what is caught */

#define MODE_OF(flags, mode)                              \
  mode_t mode = 0;                                        \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode = va_arg(rest, mode_t);                          \
    va_end(rest);                                         \
  }

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  int file = real_open(path, flags, mode), error = errno;
  watch(file, flags);
  errno = error;
  return file;
}

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open64(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  int file = real_openat(folder, path, flags, mode), error = errno;
  watch(file, flags);
  errno = error;
  return file;
}

int openat(int folder, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return openat64(folder, path, flags, mode);
}

int close(int file) {
  forget(file);
  return real_close(file);
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t at) {
  struct watched *one = of(file);
  if (one) gate(one->kind);
  ssize_t written = real_pwrite(file, data, size, at);
  if (one && written > 0) mark(one, at, at + written);
  return written;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return pwrite64(file, data, size, at); }

/* Where the next plain write goes: the present place, or the end of a file that is only added to. */
static off_t place_of(int file) {
  int flags = fcntl(file, F_GETFL);
  return flags >= 0 && (flags & O_APPEND) ? size_of(file) : lseek(file, 0, SEEK_CUR);
}

ssize_t write(int file, const void *data, size_t size) {
  struct watched *one = of(file);
  if (!one || one->is_folder) return real_write(file, data, size);
  gate(one->kind);
  off_t at = place_of(file);
  ssize_t written = real_write(file, data, size);
  if (written > 0) mark(one, at, at + written);
  return written;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  struct watched *one = of(file);
  if (!one || one->is_folder) return real_writev(file, parts, count);
  gate(one->kind);
  off_t at = place_of(file);
  ssize_t written = real_writev(file, parts, count);
  if (written > 0) mark(one, at, at + written);
  return written;
}

ssize_t sendfile64(int to, int from, off_t *offset, size_t count) {
  struct watched *one = of(to);
  if (!one) return real_sendfile(to, from, offset, count);
  gate(one->kind);
  off_t at = place_of(to);
  ssize_t written = real_sendfile(to, from, offset, count);
  if (written > 0) mark(one, at, at + written);
  return written;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) { return sendfile64(to, from, offset, count); }

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *offset, size_t count, unsigned flags) {
  struct watched *one = of(to);
  if (!one) return real_copy(from, start, to, offset, count, flags);
  gate(one->kind);
  off_t at = offset ? *offset : place_of(to);
  ssize_t written = real_copy(from, start, to, offset, count, flags);
  if (written > 0) mark(one, at, at + written);
  return written;
}

int ftruncate64(int file, off_t size) {
  struct watched *one = of(file);
  if (!one) return real_ftruncate(file, size);
  gate(one->kind);
  off_t before = size_of(file);
  int done = real_ftruncate(file, size);
  if (!done) mark(one, before < size ? before : size, before < size ? size : before);
  return done;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int fsync(int file) {
  struct watched *one = of(file);
  if (!one) return real_fsync(file);
  gate(one->kind);
  if (one->is_folder) sync_names(one->path);
  else sync_content(file, one);
  return 0;
}

int fdatasync(int file) { return fsync(file); }

/* Names reach the disk with an fsync of their folder; here they are only moments at which the power may go. */
static void gate_of_name(const char *path) {
  char full[PATH_MAX];
  if (root_length && path[0] == '/') snprintf(full, sizeof full, "%s", path);
  else return;
  if (is_below(full) && !ends(full, "-shm")) gate(OTHER);
}

int rename(const char *from, const char *to) {
  gate_of_name(to);
  return real_rename(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  gate_of_name(to);
  return real_renameat(from_folder, from, to_folder, to);
}

int unlink(const char *path) {
  gate_of_name(path);
  return real_unlink(path);
}

int unlinkat(int folder, const char *path, int flags) {
  gate_of_name(path);
  return real_unlinkat(folder, path, flags);
}
