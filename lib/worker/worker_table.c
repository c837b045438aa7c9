/* The shared memory of a group of workers: which task each has, and who died of which. */
#include "worker/worker_table.h"

#include "os/descriptor.h"
#include "os/quiet.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long a worker that died may take to be buried. */
#define PATIENCE (NSEC_PER_SEC / 2)

static struct worker_table *worker_table_map_here(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory != MAP_FAILED ? memory : NULL;
}

struct worker_table *worker_table_new(int count)
{
	size_t size = sizeof(struct worker_table) + (size_t)count * sizeof(struct worker_slot);
	int fd = descriptor_raise(memfd_create("relevo-workers", MFD_CLOEXEC));
	if (fd < 0)
		return NULL;
	struct worker_table *table =
		quiet_truncate(fd, (off_t)size) == 0 ? worker_table_map_here(fd, size) : NULL;
	if (table == NULL) {
		int why = errno;
		close(fd);
		errno = why;
		return NULL;
	}
	table->size = size;
	table->count = count;
	table->fd = fd;
	return table;
}

struct worker_table *worker_table_map(int fd)
{
	struct stat file;
	if (fstat(fd, &file) < 0 || (size_t)file.st_size < sizeof(struct worker_table))
		return NULL;
	return worker_table_map_here(fd, (size_t)file.st_size);
}

void worker_table_free(struct worker_table *table)
{
	if (table == NULL)
		return;
	close(table->fd);
	munmap(table, table->size);
}

void worker_slot_begin(struct worker_slot *slot, const struct task_mark *task)
{
	strcpy(slot->task.reply_to, task->reply_to);
	slot->task.job = task->job;
	slot->task.first = task->first;
	slot->task.handed = task->handed;
	atomic_store_explicit(&slot->place, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->overdue, false, memory_order_relaxed);
	atomic_store_explicit(&slot->busy, true, memory_order_release);
}

void worker_slot_done(struct worker_slot *slot)
{
	atomic_store_explicit(&slot->busy, false, memory_order_release);
}

void worker_table_progress(struct worker_table *table)
{
	atomic_fetch_add_explicit(&table->done, 1, memory_order_relaxed);
}

static bool same(const struct task_mark *a, const struct task_mark *b)
{
	return a->job == b->job && a->first == b->first && a->handed == b->handed &&
	       strcmp(a->reply_to, b->reply_to) == 0;
}

void worker_table_bury(struct worker_table *table, const struct worker_slot *slot, pid_t pid,
		       int state)
{
	if (!atomic_load(&slot->busy))
		return;
	unsigned number = atomic_load(&table->deaths) + 1;
	struct obituary *obituary = &table->obituaries[number % OBITUARIES];
	atomic_store(&obituary->number, 0);
	obituary->task = slot->task;
	obituary->death = (struct death){
		.pid = pid,
		.state = state,
		.place = atomic_load(&slot->place),
		.overdue = atomic_load(&slot->overdue),
	};
	atomic_store(&obituary->number, number);
	atomic_store(&table->deaths, number);
	syscall(SYS_futex, &table->deaths, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The number of the last obituary about the task; 0: there is none. */
static unsigned worker_table_look_up(struct worker_table *table, const struct task_mark *task,
				     struct death *death)
{
	unsigned last = 0;
	for (int i = 0; i < OBITUARIES; i++) {
		struct obituary *obituary = &table->obituaries[i];
		unsigned number = atomic_load(&obituary->number);
		if (number <= last)
			continue;
		struct task_mark mark = obituary->task;
		struct death how = obituary->death;
		/* It may have been written over meanwhile. */
		if (atomic_load(&obituary->number) != number || !same(&mark, task))
			continue;
		last = number;
		*death = how;
	}
	return last;
}

/* Whether the slot still says that its worker has the task: that worker is dead, since
 * the broker has handed the task to another. */
static bool is_unburied(const struct worker_slot *slot, const struct task_mark *task)
{
	return atomic_load(&slot->busy) && atomic_load(&slot->pid) != getpid() &&
	       same(&slot->task, task);
}

static bool unburied(const struct worker_table *table, const struct task_mark *task)
{
	for (int i = 0; i < table->count; i++) {
		if (is_unburied(&table->slots[i], task))
			return true;
	}
	return false;
}

/* Obituaries about the task; of that process alone, if it is not 0. */
static uint32_t count_buried(const struct worker_table *table, const struct task_mark *task,
			     pid_t pid)
{
	uint32_t count = 0;
	for (int i = 0; i < OBITUARIES; i++) {
		const struct obituary *obituary = &table->obituaries[i];
		count += atomic_load(&obituary->number) != 0 &&
			 (pid == 0 || obituary->death.pid == pid) && same(&obituary->task, task);
	}
	return count;
}

/* The broker may have handed on a dead worker's task before the group has buried it. */
uint32_t worker_table_count(struct worker_table *table, const struct task_mark *task)
{
	unsigned deaths;
	uint32_t count;
	do {
		deaths = atomic_load(&table->deaths);
		count = deaths > 0 ? count_buried(table, task, 0) : 0;
		for (int i = 0; i < table->count; i++) {
			const struct worker_slot *slot = &table->slots[i];
			count += is_unburied(slot, task) &&
				 count_buried(table, task, atomic_load(&slot->pid)) == 0;
		}
		/* One that was buried meanwhile may have been missed in both places. */
	} while (atomic_load(&table->deaths) != deaths);
	return count;
}

bool worker_table_find(struct worker_table *table, const struct task_mark *task,
		       struct death *death)
{
	nsec_t deadline = clock_now() + PATIENCE;
	for (nsec_t now = clock_now(); now < deadline; now = clock_now()) {
		unsigned deaths = atomic_load(&table->deaths);
		if (!unburied(table, task))
			break;
		const struct timespec left = {
			.tv_sec = (time_t)((deadline - now) / NSEC_PER_SEC),
			.tv_nsec = (long)((deadline - now) % NSEC_PER_SEC),
		};
		syscall(SYS_futex, &table->deaths, FUTEX_WAIT, deaths, &left, NULL, 0);
	}
	return worker_table_look_up(table, task, death) != 0;
}
