/* Starting a program: what is looked up and opened before its process is made. */
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "program/program.h"
#include "program/program_path.h"
#include "program/program_spawn.h"
#include "program/program_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_numbers(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;
	return (a > b) - (a < b);
}

/* Those to keep in order, without the streams, which have a say of their own. */
static int sort_kept(const struct relevo_program_options *options, int **sorted, size_t *count,
		     struct error *error)
{
	*count = 0;
	*sorted = calloc(options->keep_count + 1, sizeof **sorted);
	if (*sorted == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to start a program");
	for (size_t i = 0; i < options->keep_count; i++) {
		int fd = options->keep[i];
		if (fcntl(fd, F_GETFD) < 0) {
			free(*sorted);
			*sorted = NULL;
			return error_set(error, RELEVO_BAD_ARGUMENT,
					 "%d, which a program shall keep, is no open descriptor",
					 fd);
		}
		if (fd > STDERR_FILENO)
			(*sorted)[(*count)++] = fd;
	}
	qsort(*sorted, *count, sizeof **sorted, compare_numbers);
	return RELEVO_OK;
}

static int open_directory(const char *directory, int *fd, struct error *error)
{
	*fd = -1;
	if (directory == NULL)
		return RELEVO_OK;
	*fd = descriptor_raise(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (*fd >= 0)
		return RELEVO_OK;
	int status = errno == EACCES ? RELEVO_DENIED : RELEVO_SYSTEM;
	if (errno == ENOENT || errno == ENOTDIR)
		status = RELEVO_NOT_FOUND;
	return error_set_errno(error, status, errno, "the directory \"%s\"", directory);
}

/* `/bin/sh PATH ARGUMENT...`, in one block; NULL: no memory. */
static const char **make_shell_arguments(const char *path, const char *const *arguments)
{
	size_t count = 0;
	while (arguments[count] != NULL)
		count++;
	const char **made = calloc(count + 2, sizeof *made);
	if (made == NULL)
		return NULL;
	made[0] = "/bin/sh";
	made[1] = path;
	for (size_t i = 1; i < count; i++)
		made[i + 1] = arguments[i];
	return made;
}

static int execute_with_streams(struct spawn *spawn, const struct relevo_program_options *options,
				struct streams *streams, struct error *error)
{
	int status = streams_open(streams, options, error);
	if (status != RELEVO_OK)
		return status;
	memcpy(spawn->streams, streams->theirs, sizeof spawn->streams);
	status = spawn_run(spawn, error);
	streams_close_theirs(streams);
	if (status != RELEVO_OK)
		streams_close(streams);
	return status;
}

/* What is looked up before the child is made. */
static int execute(struct spawn *spawn, const struct relevo_program_options *options,
		   struct streams *streams, struct error *error)
{
	char *path = NULL;
	int *kept = NULL;
	const char **shell = NULL;
	int status =
		path_find(spawn->arguments[0], spawn->environment, spawn->directory, &path, error);
	if (status == RELEVO_OK)
		status = sort_kept(options, &kept, &spawn->keep_count, error);
	if (status == RELEVO_OK) {
		shell = make_shell_arguments(path, spawn->arguments);
		if (shell == NULL)
			status = error_set(error, RELEVO_NO_MEMORY, "no memory to start \"%s\"",
					   path);
	}
	if (status == RELEVO_OK) {
		spawn->path = path;
		spawn->keep = kept;
		spawn->shell_arguments = shell;
		status = execute_with_streams(spawn, options, streams, error);
	}
	free(shell);
	free(kept);
	free(path);
	return status;
}

static relevo_program *program_new(const char *name, const struct relevo_program_options *options)
{
	relevo_program *program = calloc(1, sizeof *program);
	if (program == NULL)
		return NULL;
	program->name = strdup(name);
	if (program->name == NULL) {
		free(program);
		return NULL;
	}
	pthread_mutex_init(&program->lock, NULL);
	program->whole_group = options->whole_group;
	program->max_output = options->max_output;
	program->owner = getpid();
	return program;
}

static void program_free(relevo_program *program)
{
	pthread_mutex_destroy(&program->lock);
	free(program->name);
	free(program);
}

static void program_start_take(relevo_program *program, const struct spawn *spawn,
			       const struct streams *streams)
{
	program->pid = spawn->pid;
	program->pidfd = spawn->pidfd;
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		program->pipes[i].fd = streams->ours[i];
		program->pipes[i].piped = streams->ours[i] >= 0;
	}
}

static int program_start_check(const char *const *arguments,
			       const struct relevo_program_options *options, struct error *error)
{
	if (arguments == NULL || arguments[0] == NULL || arguments[0][0] == '\0')
		return error_set(error, RELEVO_BAD_ARGUMENT, "no program is named");
	if (options->keep_count > 0 && options->keep == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%zu descriptors for \"%s\" to keep, and \"keep\" is NULL",
				 options->keep_count, arguments[0]);
	if ((unsigned)options->group > RELEVO_PROGRAM_GROUP_SESSION)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no kind of process group",
				 (int)options->group);
	if (options->whole_group && options->group == RELEVO_PROGRAM_GROUP_SAME)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the whole group of \"%s\" would be that of this program",
				 arguments[0]);
	return RELEVO_OK;
}

bool program_options_known(const struct relevo_program_options *options)
{
	return options == NULL ||
	       (known(relevo_program_options, options) && known(relevo_stream, &options->input) &&
		known(relevo_stream, &options->output) && known(relevo_stream, &options->errors));
}

int program_start(const char *const *arguments, const struct relevo_program_options *options,
		  relevo_program **program, struct error *error)
{
	static const struct relevo_program_options defaults;
	options = options != NULL ? options : &defaults;
	int status = program_start_check(arguments, options, error);
	if (status != RELEVO_OK)
		return status;
	relevo_program *started = program_new(arguments[0], options);
	if (started == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to start \"%s\"",
				 arguments[0]);
	struct spawn spawn = {
		.arguments = arguments,
		.environment = options->environment != NULL ? options->environment
							    : (const char *const *)environ,
		.group = options->group,
		.daemon = options->daemon,
	};
	struct streams streams;
	status = open_directory(options->directory, &spawn.directory, error);
	if (status == RELEVO_OK) {
		status = execute(&spawn, options, &streams, error);
		if (spawn.directory >= 0)
			close(spawn.directory);
	}
	if (status != RELEVO_OK) {
		program_free(started);
		return status;
	}
	program_start_take(started, &spawn, &streams);
	*program = started;
	return RELEVO_OK;
}

int relevo_program_start(const char *const *arguments, const struct relevo_program_options *options,
			 relevo_program **program)
{
	if (!given(program) || !program_options_known(options))
		return RELEVO_BAD_ARGUMENT;
	return program_start(arguments, options, program, thread_error());
}
