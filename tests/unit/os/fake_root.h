#ifndef BASE_FAKE_ROOT_H
#define BASE_FAKE_ROOT_H

/*
 * A folder that stands for the root of the file system, of which a test writes what is read:
 * /proc/self/mountinfo, say.
 */
extern char root[64];

/* Setup and teardown. */
int make_root(void **state);
int remove_root(void **state);

/* A file below the root, and the folders above it. */
void write_file(const char *path, const char *text);

/* A line of mountinfo: control groups of version 2 at /sys/fs/cgroup. */
#define UNIFIED "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

#endif
