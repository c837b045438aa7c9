#ifndef BENCH_FOLDER_H
#define BENCH_FOLDER_H

/*
 * Where what is measured keeps its files: below $RELEVO_BENCH_DIR, or else beside
 * the bench program. On a real disk: in memory, fdatasync() costs nothing. It
 * goes with the bench, however that ends, after the servers that use it.
 */

enum { FOLDER_PATH = 256 };

/* Make an empty folder of that name in it, in place of what was there. */
void folder_new(const char *name, char path[FOLDER_PATH]);

/* Remove a folder and what it holds; dies when that fails. */
void folder_remove(const char *path);

/* Bytes that its files hold. */
double folder_size(const char *path);

/* The kind of its file system, as the system calls it: "ext4". */
const char *folder_file_system(void);

/* The place itself. */
const char *folder_place(void);

/* The folder stays as long as any process has this descriptor. */
int folder_lifeline(void);

#endif
