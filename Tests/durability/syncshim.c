// A device that forgets what was not synced. Loaded with LD_PRELOAD, it watches the files under SYNCSHIM_DIR and keeps
// for each a shadow `<file>.durable` that holds what would survive a power cut: bytes reach it only by fsync or
// fdatasync. The driver kills the process and puts the shadows in place of the files.
//
// Watched: open, openat, write, pwrite, ftruncate, fallocate, fsync, fdatasync, close, rename, unlink, each also in its
// 64-bit form. Names in a folder count as durable at once; memory maps are not watched (SQLite maps only `-shm`, which
// it makes anew). SYNCSHIM_DIR is an absolute path.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { max_files = 4096, max_path = 1024 };

// What was written to a file since its last sync: one span that covers it all. Copying more than was written is right
// as well, because the span holds the file's own bytes.
struct file {
    char path[max_path];
    int watched;
    off_t from, to;
};

// By descriptor. Two descriptors of one file each sync what came through them, and `fsync` joins them by path.
static struct file files[max_files];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(name) *)real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int is_watched(const char *path) {
    const char *folder = getenv("SYNCSHIM_DIR");
    size_t length = folder ? strlen(folder) : 0;
    size_t end = strlen(path);
    return length > 0 && strncmp(path, folder, length) == 0 && end < max_path - 16 &&
           !(end > 8 && strcmp(path + end - 8, ".durable") == 0);
}

static void opened(int fd, const char *path, int flags) {
    if (fd < 0 || fd >= max_files) return;
    pthread_mutex_lock(&lock);
    files[fd].watched = is_watched(path);
    if (files[fd].watched) strcpy(files[fd].path, path);
    files[fd].from = files[fd].to = 0;
    (void)flags;
    pthread_mutex_unlock(&lock);
}

static void touched(int fd, off_t from, off_t to) {
    if (fd < 0 || fd >= max_files || !files[fd].watched || to <= from) return;
    pthread_mutex_lock(&lock);
    struct file *file = &files[fd];
    if (file->to == file->from) {
        file->from = from;
        file->to = to;
    } else {
        if (from < file->from) file->from = from;
        if (to > file->to) file->to = to;
    }
    pthread_mutex_unlock(&lock);
}

// Copies what was written since the last sync into the shadow, and gives it the file's length.
static void copy_to_shadow(const struct file *file, off_t from, off_t to) {
    char shadow[max_path + 16];
    snprintf(shadow, sizeof shadow, "%s.durable", file->path);
    int in = REAL(open)(file->path, O_RDONLY | O_CLOEXEC);
    int out = REAL(open)(shadow, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct stat status;
    if (in >= 0 && out >= 0 && fstat(in, &status) == 0) {
        char buffer[65536];
        while (from < to) {
            size_t want = (size_t)(to - from) < sizeof buffer ? (size_t)(to - from) : sizeof buffer;
            ssize_t got = pread(in, buffer, want, from);
            if (got <= 0 || REAL(pwrite)(out, buffer, (size_t)got, from) != got) break;
            from += got;
        }
        if (REAL(ftruncate)(out, status.st_size) != 0) perror("syncshim: ftruncate");
    }
    if (in >= 0) REAL(close)(in);
    if (out >= 0) REAL(close)(out);
}

static void synced(int fd) {
    if (fd < 0 || fd >= max_files || !files[fd].watched) return;
    pthread_mutex_lock(&lock);
    struct file *file = &files[fd];
    off_t from = file->from, to = file->to;
    int dirty = from < to;
    for (int other = 0; other < max_files; other++) {
        struct file *twin = &files[other];
        if (!twin->watched || twin->from == twin->to || strcmp(twin->path, file->path) != 0) continue;
        if (!dirty || twin->from < from) from = twin->from;
        if (!dirty || twin->to > to) to = twin->to;
        dirty = 1;
        twin->from = twin->to = 0;
    }
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) copy_to_shadow(file, from, to);
    pthread_mutex_unlock(&lock);
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...) {          \
        va_list rest;                                     \
        va_start(rest, flags);                            \
        int mode = va_arg(rest, int);                     \
        va_end(rest);                                     \
        int fd = REAL(name)(path, flags, mode);           \
        opened(fd, path, flags);                          \
        return fd;                                        \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                             \
    int name(int folder, const char *path, int flags, ...) {     \
        va_list rest;                                            \
        va_start(rest, flags);                                   \
        int mode = va_arg(rest, int);                            \
        va_end(rest);                                            \
        int fd = REAL(name)(folder, path, flags, mode);          \
        opened(fd, path, flags);                                 \
        return fd;                                               \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *bytes, size_t count) {
    off_t from = fd >= 0 && fd < max_files && files[fd].watched ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t written = REAL(write)(fd, bytes, count);
    if (written > 0) touched(fd, from, from + written);
    return written;
}

#define PWRITE(name)                                                        \
    ssize_t name(int fd, const void *bytes, size_t count, off_t offset) {   \
        ssize_t written = REAL(name)(fd, bytes, count, offset);             \
        if (written > 0) touched(fd, offset, offset + written);             \
        return written;                                                     \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

// A change of length touches the byte at the new end, so that the next sync takes it over.
#define FTRUNCATE(name)                              \
    int name(int fd, off_t length) {                 \
        int result = REAL(name)(fd, length);         \
        if (result == 0) touched(fd, length, length + 1); \
        return result;                               \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define SYNC(name)                          \
    int name(int fd) {                      \
        int result = REAL(name)(fd);        \
        if (result == 0) synced(fd);        \
        return result;                      \
    }
SYNC(fsync)
SYNC(fdatasync)

// Closing makes nothing durable; what it wrote stays known under another slot until somebody syncs the file.
int close(int fd) {
    if (fd >= 0 && fd < max_files && files[fd].watched) {
        pthread_mutex_lock(&lock);
        for (int other = max_files - 1; files[fd].from < files[fd].to && other > max_files / 2; other--) {
            if (files[other].watched) continue;
            files[other] = files[fd];
            break;
        }
        files[fd].watched = 0;
        pthread_mutex_unlock(&lock);
    }
    return REAL(close)(fd);
}

int rename(const char *from, const char *to) {
    int result = REAL(rename)(from, to);
    if (result == 0 && is_watched(from) && is_watched(to)) {
        char old[max_path + 16], new[max_path + 16];
        snprintf(old, sizeof old, "%s.durable", from);
        snprintf(new, sizeof new, "%s.durable", to);
        if (REAL(rename)(old, new) != 0) REAL(unlink)(new);
    }
    return result;
}

int unlink(const char *path) {
    int result = REAL(unlink)(path);
    if (result == 0 && is_watched(path)) {
        char shadow[max_path + 16];
        snprintf(shadow, sizeof shadow, "%s.durable", path);
        REAL(unlink)(shadow);
    }
    return result;
}
