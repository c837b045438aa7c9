#ifndef TRANSPORT_MEMORY_H
#define TRANSPORT_MEMORY_H

#include "base/clock.h"
#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory that processes of one host share: a memfd, sealed at its size, so that
 * it has no name anywhere and nobody can cut it off under somebody else. A head
 * with the lock comes first, then the data.
 *
 * The broker makes it whole, lock and first contents included, before anybody
 * else knows of it. So there is no moment in which two could initialise it, or
 * in which one could die while doing so.
 *
 * Everybody who has it mapped can write everything in it. Therefore nothing here
 * goes by what stands in the head, but for the lock itself, and that is the
 * affair of those who use it: they trust each other with it as threads do.
 */
struct memory_head {
	/* So that a library built on another C library finds out. */
	uint32_t version;
	uint32_t lock_size;
	/* The PID namespace (os/pid_space.h) of those who may use the lock; 0: nobody has yet. */
	_Atomic uint64_t lock_space;
	_Alignas(64) pthread_mutex_t lock; /* recursive, robust, shared by processes */
};

/* The data starts here: aligned for anything, and on a page of its own. */
#define MEMORY_HEAD_SIZE 4096u

/* No memory is larger: the sum with the head does not overflow anywhere. */
#define MEMORY_SIZE_MAX  (UINT64_C(1) << 46)

struct memory_plan {
	uint64_t size;       /* of the data; 1 to MEMORY_SIZE_MAX */
	const void *initial; /* what the first bytes of it are; the rest is 0 */
	size_t initial_size; /* at most `size` */
};

/* Make memory. The descriptor is the caller's. NO_DESCRIPTORS,
 * NO_MEMORY, SYSTEM. */
int memory_create(const struct memory_plan *plan, int *fd, struct error *error);

/* What the memory of a descriptor is looked at through. */
struct memory {
	struct memory_head *head; /* NULL: none */
	uint64_t size;            /* of the data, as asked for and checked */
};

/* Map it; the descriptor is not needed any more then. BAD_STATE: it is no sealed
 * memory of that size. BAD_VERSION: its head is of another kind. NO_MEMORY,
 * SYSTEM. */
int memory_map(int fd, uint64_t size, struct memory *memory, struct error *error);

/* One that maps nothing is left alone. */
void memory_unmap(struct memory *memory);

void *memory_data(const struct memory *memory);

/*
 * The lock knows who has it by the number of a thread, and so does the kernel when a thread dies.
 * In two PID namespaces two threads may have one number, and each would take the lock for its own.
 * So it belongs to the namespace of whoever first asks. NOT_LOCAL: that is another; or it cannot
 * be told which this one is.
 */
int memory_claim_lock(const struct memory *memory, struct error *error);

/*
 * Acquire the lock, once more if this thread has it. `deadline` 0 does not wait.
 * OK; with *owner_died set if who had it died with it. TIMED_OUT,
 * LIMIT (acquired too often), BAD_STATE (somebody has written over it), NOT_LOCAL (as above: this
 * is a child that was forked into another namespace).
 */
int memory_lock(const struct memory *memory, nsec_t deadline, bool *owner_died);

/* NOT_OWNER: this thread does not have it. BAD_STATE. */
int memory_unlock(const struct memory *memory);

#endif
