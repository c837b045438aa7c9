/* Reading what the kernel tells of processes, by libproc2. */
#include "base/mutant.h"
#include "os/helper_thread.h"
#include "system/system.h"
#include "system/system_names.h"
#include "system/system_read.h"
#include "transport/descriptors.h"

#include <errno.h>
#include <libproc2/pids.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * libproc2 may be used by several threads, but every one that does so is left with some
 * 300 KB that nobody can free when the thread ends. So one thread does it for all. (Of users it
 * asks for ids only: names it looks up in a way that disturbs other threads.)
 */

/* What libproc2 has open at a time, at most. */
enum { DESCRIPTORS_NEEDED = 4 };

/* What the kernel keeps of a name. */
#define KERNEL_NAME 15

/* In the order of `items`. */
enum column {
	COLUMN_PID,
	COLUMN_PARENT,
	COLUMN_STAMP,
	COLUMN_STATE,
	COLUMN_NAME,
	COLUMN_ARGUMENTS,
	COLUMN_USER,
	COLUMN_NICE,
	COLUMN_THREADS,
	COLUMN_USER_TIME,
	COLUMN_SYSTEM_TIME,
	COLUMN_MEMORY,
	COLUMN_ADDRESS_SPACE,
	COLUMNS,
};

static enum pids_item items[COLUMNS] = {
	[COLUMN_PID] = PIDS_ID_PID,
	[COLUMN_PARENT] = PIDS_ID_PPID,
	[COLUMN_STAMP] = PIDS_TICS_BEGAN,
	[COLUMN_STATE] = PIDS_STATE,
	[COLUMN_NAME] = PIDS_CMD,
	[COLUMN_ARGUMENTS] = PIDS_CMDLINE_V,
	[COLUMN_USER] = PIDS_ID_EUID,
	[COLUMN_NICE] = PIDS_NICE,
	[COLUMN_THREADS] = PIDS_NLWP,
	[COLUMN_USER_TIME] = PIDS_TICS_USER,
	[COLUMN_SYSTEM_TIME] = PIDS_TICS_SYSTEM,
	[COLUMN_MEMORY] = PIDS_MEM_RES,
	[COLUMN_ADDRESS_SPACE] = PIDS_MEM_VIRT,
};

struct request {
	pid_t pid;
	struct relevo_system_info **infos;
	size_t *count;
	struct error *error;
	int status;
};

static uint64_t milliseconds(uint64_t ticks)
{
	return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static int64_t since_1970(uint64_t ticks)
{
	struct timespec now, running;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &running);
	int64_t seconds = now.tv_sec - running.tv_sec;
	int64_t nanoseconds = now.tv_nsec - running.tv_nsec;
	return seconds * 1000 + nanoseconds / 1000000 + (int64_t)milliseconds(ticks);
}

/* libproc2 says "-" where there is nothing. */
static bool is_nothing(const char *text)
{
	return text == NULL || strcmp(text, "-") == 0;
}

static size_t count_arguments(char *const *arguments)
{
	size_t count = 0;
	while (arguments != NULL && arguments[count] != NULL)
		count++;
	return count == 1 && is_nothing(arguments[0]) ? 0 : count;
}

static bool system_read_copy_arguments(struct relevo_system_info *info, char *const *arguments)
{
	size_t count = count_arguments(arguments);
	const char **copies = calloc(count + 1, sizeof *copies);
	info->arguments = copies;
	if (copies == NULL)
		return false;
	for (; info->argument_count < count; info->argument_count++) {
		char *copy = strdup(arguments[info->argument_count]);
		if (copy == NULL)
			return false;
		copies[info->argument_count] = copy;
	}
	return true;
}

/* The kernel's name of it is cut short; the program's own may be the whole. */
static const char *whole_name(const char *name, char *const *arguments)
{
	if (strlen(name) < KERNEL_NAME || count_arguments(arguments) == 0)
		return name;
	const char *slash = strrchr(arguments[0], '/');
	const char *base = slash != NULL ? slash + 1 : arguments[0];
	return strncmp(base, name, KERNEL_NAME) == 0 ? base : name;
}

static bool copy_texts(struct relevo_system_info *info, const struct pids_result *columns)
{
	char *const *arguments = columns[COLUMN_ARGUMENTS].result.strv;
	if (!system_read_copy_arguments(info, arguments))
		return false;
	char *exact = MUTANT(names_for_display) ? NULL : system_name(info->pid);
	/* One that ends meanwhile has had a name. */
	const char *name = exact != NULL ? exact : columns[COLUMN_NAME].result.str;
	info->name = strdup(whole_name(name, arguments));
	free(exact);
	info->executable = system_executable(info->pid);
	return info->name != NULL;
}

static bool system_read_fill(struct relevo_system_info *info, const struct pids_result *columns)
{
	*info = (struct relevo_system_info){
		.pid = columns[COLUMN_PID].result.s_int,
		.parent = columns[COLUMN_PARENT].result.s_int,
		.stamp = columns[COLUMN_STAMP].result.ull_int,
		.started = since_1970(columns[COLUMN_STAMP].result.ull_int),
		.state = columns[COLUMN_STATE].result.s_ch,
		.user_id = columns[COLUMN_USER].result.u_int,
		.nice = columns[COLUMN_NICE].result.s_int,
		.threads = columns[COLUMN_THREADS].result.s_int,
		.user_time = milliseconds(columns[COLUMN_USER_TIME].result.ull_int),
		.system_time = milliseconds(columns[COLUMN_SYSTEM_TIME].result.ull_int),
		.memory = columns[COLUMN_MEMORY].result.ul_int * 1024,
		.address_space = columns[COLUMN_ADDRESS_SPACE].result.ul_int * 1024,
	};
	return copy_texts(info, columns);
}

static int no_memory(struct error *error)
{
	return error_set(error, RELEVO_NO_MEMORY, "no memory for the processes of the system");
}

static int fill_all(const struct request *request, const struct pids_fetch *fetched)
{
	size_t count = (size_t)fetched->counts->total;
	if (request->pid != 0 && count == 0)
		return error_set(request->error, RELEVO_NOT_FOUND, "there is no process %d",
				 (int)request->pid);
	struct relevo_system_info *infos = calloc(count + 1, sizeof *infos);
	bool good = infos != NULL;
	for (size_t i = 0; good && i < count; i++)
		good = system_read_fill(&infos[i], fetched->stacks[i]->head);
	if (!good) {
		if (infos != NULL)
			system_infos_free(infos, count);
		return no_memory(request->error);
	}
	*request->infos = infos;
	*request->count = count;
	return RELEVO_OK;
}

static int system_read_fail(int failure, struct error *error)
{
	return error_set_errno(error, RELEVO_SYSTEM, failure,
			       "the processes of the system cannot be read");
}

/* To libproc2 a process is not there when it has no descriptor to look at it. */
static int system_read_check_descriptors(struct error *error)
{
	int why = MUTANT(system_out_of_descriptors) ? 0 : descriptors_left(DESCRIPTORS_NEEDED);
	return why == 0 ? RELEVO_OK : system_read_fail(why, error);
}

static void read_in_helper(void *argument)
{
	struct request *request = argument;
	struct pids_info *context = NULL;
	int failure = procps_pids_new(&context, items, COLUMNS);
	if (failure < 0) {
		request->status = system_read_fail(-failure, request->error);
		return;
	}
	unsigned pid = (unsigned)request->pid;
	struct pids_fetch *fetched =
		pid == 0 ? procps_pids_reap(context, PIDS_FETCH_TASKS_ONLY)
			 : procps_pids_select(context, &pid, 1, PIDS_SELECT_PID);
	request->status = fetched == NULL ? system_read_fail(errno, request->error)
					  : fill_all(request, fetched);
	procps_pids_unref(&context);
}

int system_read(pid_t pid, struct relevo_system_info **infos, size_t *count, struct error *error)
{
	struct request request = { .pid = pid, .infos = infos, .count = count, .error = error };
	int status = system_read_check_descriptors(error);
	if (status == RELEVO_OK)
		status = helper_thread_run(read_in_helper, &request, error);
	if (status == RELEVO_OK)
		status = request.status;
	/* Another thread may have taken the last ones meanwhile. */
	if (status == RELEVO_NOT_FOUND && system_read_check_descriptors(error) != RELEVO_OK)
		status = error->status;
	return status;
}
