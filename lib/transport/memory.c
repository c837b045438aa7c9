/* Shared memory: making it, mapping it, and its lock. */
#include "transport/memory.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/pid_space.h"
#include "os/quiet.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_VERSION = 2 };

static_assert(sizeof(struct memory_head) <= MEMORY_HEAD_SIZE, "the head fits");

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* ---- making ----------------------------------------------------------- */

static int init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;
	int failure = pthread_mutexattr_init(&attributes);
	if (failure != 0)
		return failure;
	/* These cannot fail where the system has them at all, and it does. */
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	if (!MUTANT(shared_lock_not_robust))
		pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	failure = pthread_mutex_init(lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return failure;
}

/* Returns 0, or an errno. */
static int write_head(int fd)
{
	struct memory_head *head =
		mmap(NULL, MEMORY_HEAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		return errno;
	head->version = HEAD_VERSION;
	head->lock_size = sizeof head->lock;
	int failure = init_lock(&head->lock);
	munmap(head, MEMORY_HEAD_SIZE);
	return failure;
}

static int write_initial(int fd, const struct memory_plan *plan)
{
	const char *bytes = plan->initial;
	size_t done = 0;
	while (done < plan->initial_size) {
		ssize_t put = quiet_pwrite(fd, bytes + done, plan->initial_size - done,
					   (off_t)(MEMORY_HEAD_SIZE + done));
		if (put < 0 && errno != EINTR)
			return errno;
		done += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

static int memory_fill(int fd, const struct memory_plan *plan)
{
	if (quiet_truncate(fd, (off_t)(MEMORY_HEAD_SIZE + plan->size)) < 0)
		return errno;
	int failure = write_head(fd);
	if (failure == 0)
		failure = write_initial(fd, plan);
	if (failure == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		failure = errno;
	return failure;
}

static int memory_status_of(int failure)
{
	return failure == ENOSPC ? RELEVO_NO_MEMORY : RELEVO_SYSTEM;
}

int memory_create(const struct memory_plan *plan, int *fd, struct error *error)
{
	int made = descriptor_raise(memfd_create("relevo", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	int failure = made < 0 ? errno : memory_fill(made, plan);
	if (failure != 0) {
		if (made >= 0)
			close(made);
		return error_set_errno(error, memory_status_of(failure), failure,
				       "cannot make %llu bytes of shared memory",
				       (unsigned long long)plan->size);
	}
	*fd = made;
	return RELEVO_OK;
}

/* ---- mapping ---------------------------------------------------------- */

/* Whoever sent the descriptor: reading it must not end this process. */
static int memory_check(int fd, uint64_t size, struct error *error)
{
	struct stat state;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &state) < 0)
		return error_set(error, RELEVO_BAD_STATE,
				 "the broker sent a descriptor that is no sealed memory");
	if (size == 0 || size > MEMORY_SIZE_MAX ||
	    (uint64_t)state.st_size < MEMORY_HEAD_SIZE + size)
		return error_set(error, RELEVO_BAD_STATE,
				 "the broker sent memory of %lld bytes and calls it %llu",
				 (long long)state.st_size - MEMORY_HEAD_SIZE,
				 (unsigned long long)size);
	return RELEVO_OK;
}

int memory_map(int fd, uint64_t size, struct memory *memory, struct error *error)
{
	int status = memory_check(fd, size, error);
	if (status != RELEVO_OK)
		return status;
	struct memory_head *head =
		mmap(NULL, MEMORY_HEAD_SIZE + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		return error_set_errno(error, memory_status_of(errno), errno,
				       "%llu bytes of shared memory cannot be mapped",
				       (unsigned long long)size);
	struct memory mapped = { head, size };
	if (head->version != HEAD_VERSION || head->lock_size != sizeof head->lock) {
		memory_unmap(&mapped);
		return error_set(error, RELEVO_BAD_VERSION,
				 "the memory's head is not of the kind that this library knows");
	}
	*memory = mapped;
	return RELEVO_OK;
}

void memory_unmap(struct memory *memory)
{
	if (memory->head == NULL)
		return;
	munmap(memory->head, MEMORY_HEAD_SIZE + memory->size);
	*memory = (struct memory){ 0 };
}

void *memory_data(const struct memory *memory)
{
	return (char *)memory->head + MEMORY_HEAD_SIZE;
}

/* ---- the lock --------------------------------------------------------- */

static bool lock_is_ours(const struct memory *memory)
{
	_Atomic uint64_t *place = &memory->head->lock_space;
	uint64_t space = pid_space(), owner = atomic_load(place);
	if (space == 0)
		return false;
	return owner == space ||
	       (owner == 0 && atomic_compare_exchange_strong(place, &owner, space)) ||
	       owner == space || MUTANT(lock_between_namespaces);
}

int memory_claim_lock(const struct memory *memory, struct error *error)
{
	if (lock_is_ours(memory))
		return RELEVO_OK;
	if (pid_space() == 0)
		return error_set_errno(
			error, RELEVO_NOT_LOCAL, errno,
			"a lock needs to know the PID namespace of this process, and "
			"/proc/self/ns/pid does not tell it");
	return error_set(error, RELEVO_NOT_LOCAL,
			 "its lock belongs to processes of another PID namespace (of another "
			 "container, say)");
}

static int acquire(pthread_mutex_t *lock, nsec_t deadline)
{
	if (deadline == 0)
		return pthread_mutex_trylock(lock);
	if (deadline == NSEC_NEVER)
		return pthread_mutex_lock(lock);
	const struct timespec until = {
		.tv_sec = (time_t)(deadline / NSEC_PER_SEC),
		.tv_nsec = (long)(deadline % NSEC_PER_SEC),
	};
	return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);
}

int memory_lock(const struct memory *memory, nsec_t deadline, bool *owner_died)
{
	pthread_mutex_t *lock = &memory->head->lock;
	*owner_died = false;
	if (!lock_is_ours(memory))
		return RELEVO_NOT_LOCAL;
	int failure = acquire(lock, deadline);
	*owner_died = failure == EOWNERDEAD;
	switch (failure) {
	case 0:
		return RELEVO_OK;
	case EOWNERDEAD:
		return pthread_mutex_consistent(lock) == 0 ? RELEVO_OK : RELEVO_BAD_STATE;
	case ETIMEDOUT:
	case EBUSY:
		return RELEVO_TIMED_OUT;
	case EAGAIN:
		return RELEVO_LIMIT;
	default:
		return RELEVO_BAD_STATE;
	}
}

int memory_unlock(const struct memory *memory)
{
	if (!lock_is_ours(memory))
		return RELEVO_NOT_OWNER;
	switch (pthread_mutex_unlock(&memory->head->lock)) {
	case 0:
		return RELEVO_OK;
	case EPERM:
		return RELEVO_NOT_OWNER;
	default:
		return RELEVO_BAD_STATE;
	}
}
