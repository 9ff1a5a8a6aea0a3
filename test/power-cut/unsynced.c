/*
 * What a power cut leaves of a file: what was synced. Loaded with LD_PRELOAD, this keeps below POWER_CUT_SHADOW, for every
 * file below POWER_CUT_ROOT, the content that it had when it was last synced (fsync, fdatasync, or a write through a
 * descriptor opened with O_DSYNC or O_SYNC). The test kills the process and puts that content in place of what the page
 * cache has. Names, and where files were moved, stay: as on a file system that journals its metadata.
 *
 * A copy is named by inode number and time of birth, since a number is used again. With POWER_CUT_FORGETS set, syncs of
 * files whose path has that text in it are acknowledged and forgotten: the control.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Whether the descriptor is a regular file below the root; if so, the name of its copy. */
static int copy_name(int fd, char *copy) {
  const char *root = getenv("POWER_CUT_ROOT");
  const char *shadow = getenv("POWER_CUT_SHADOW");
  const char *forgets = getenv("POWER_CUT_FORGETS");
  char link[64], path[PATH_MAX];
  struct statx about;
  if (!root || !shadow) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strncmp(path, root, strlen(root)) != 0) return 0;
  if (forgets && *forgets && strstr(path, forgets)) return 0;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &about) != 0) return 0;
  if (!S_ISREG(about.stx_mode)) return 0;
  snprintf(copy, PATH_MAX, "%s/%llu-%lld-%u", shadow, (unsigned long long)about.stx_ino,
           (long long)about.stx_btime.tv_sec, about.stx_btime.tv_nsec);
  return 1;
}

static void fail(const char *what) {
  fprintf(stderr, "power cut: %s: %s\n", what, strerror(errno));
  abort();
}

/* The descriptor may be open for writing only, so the file is opened again. */
static void copy_whole(int fd, const char *copy) {
  static char buffer[1 << 16];
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int from = open(link, O_RDONLY | O_CLOEXEC);
  if (from < 0) fail("open");
  int to = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (to < 0) fail(copy);
  off_t at = 0;
  for (;;) {
    ssize_t got = pread(from, buffer, sizeof buffer, at);
    if (got < 0) fail("read");
    if (got == 0) break;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = syscall(SYS_pwrite64, to, buffer + done, got - done, at + done);
      if (put < 0) fail("write");
      done += put;
    }
    at += got;
  }
  if (ftruncate(to, at) != 0) fail("truncate");
  close(from);
  close(to);
}

static void synced(int fd) {
  char copy[PATH_MAX];
  int error = errno;
  pthread_mutex_lock(&one_at_a_time);
  if (copy_name(fd, copy)) copy_whole(fd, copy);
  pthread_mutex_unlock(&one_at_a_time);
  errno = error;
}

/* Only after the real call: a sync that failed has promised nothing. */
#define SYNC(name)                                              \
  int name(int fd) {                                            \
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name);   \
    int result = real(fd);                                      \
    if (result == 0) synced(fd);                                \
    return result;                                              \
  }
SYNC(fsync)
SYNC(fdatasync)

/* A write through a descriptor that syncs: what it wrote is durable, and nothing else is. */
static void written(int fd, const void *bytes, ssize_t count, off_t at) {
  char copy[PATH_MAX];
  int error = errno;
  if (count <= 0 || !(fcntl(fd, F_GETFL) & O_DSYNC)) {
    errno = error;
    return;
  }
  pthread_mutex_lock(&one_at_a_time);
  if (copy_name(fd, copy)) {
    int to = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0) fail(copy);
    if (syscall(SYS_pwrite64, to, bytes, (size_t)count, at) != count) fail("write");
    close(to);
  }
  pthread_mutex_unlock(&one_at_a_time);
  errno = error;
}

#define PWRITE(name)                                                                             \
  ssize_t name(int fd, const void *bytes, size_t count, off_t at) {                              \
    ssize_t (*real)(int, const void *, size_t, off_t) =                                          \
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, #name);                   \
    ssize_t result = real(fd, bytes, count, at);                                                 \
    written(fd, bytes, result, at);                                                              \
    return result;                                                                               \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  ssize_t result = real(fd, bytes, count);
  if (result > 0 && fd > 2) {
    off_t after = lseek(fd, 0, SEEK_CUR);
    if (after >= result) written(fd, bytes, result, after - result);
  }
  return result;
}
