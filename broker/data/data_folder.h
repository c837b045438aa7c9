#ifndef DATA_DATA_FOLDER_H
#define DATA_DATA_FOLDER_H

#include "base/error.h"
#include "transport/address.h"

/*
 * The folder of what a broker keeps. One broker at a time has it: `lock`, in it, is locked
 * (flock(2)) and holds the number of that process.
 */
struct data_folder {
	const char *path;      /* as it was given, the caller's */
	int fd;                /* of the folder, for openat(2) and its like; -1: there is none */
	int lock;              /* -1: not locked */
	char url[ADDRESS_MAX]; /* data://, for its users */
};

/*
 * Open the folder, made with mode 0700 if it is missing and its parent is there. NOT_FOUND (no
 * parent), DENIED (no permission; a read-only file system; it is another user's, or others
 * can write in it; it is no folder), NO_DESCRIPTORS, NO_MEMORY, SYSTEM; all name it.
 */
int data_folder_open(const char *path, struct data_folder *folder, struct error *error);

/* Keep other brokers away. ADDRESS_IN_USE, naming the process that has it; otherwise as
 * data_folder_open(). */
int data_folder_lock(struct data_folder *folder, struct error *error);

/* This process has the lock now: it was its parent's. */
int data_folder_sign(struct data_folder *folder, struct error *error);

/* Of one that was not opened, too: .fd = -1, .lock = -1. */
void data_folder_close(struct data_folder *folder);

#endif
