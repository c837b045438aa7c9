#include "integration/cli/pool_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

enum { MOST_WORDS = 16 };

/* ---- what the broker knows ------------------------------------------------------ */

enum what { WORKERS, RUNNING, WAITING };

struct wanted {
	struct scene *scene;
	enum what what;
	uint64_t count;
};

static int matches(const struct relevo_pool_info *info, void *user)
{
	const struct wanted *wanted = user;
	const uint64_t counts[] = {
		[WORKERS] = info->workers,
		[RUNNING] = info->running,
		[WAITING] = info->waiting,
	};
	return strcmp(info->name, "w") == 0 && counts[wanted->what] == wanted->count;
}

static bool is_so(void *argument)
{
	struct wanted *wanted = argument;
	return relevo_pool_list(wanted->scene->session, "w", matches, wanted) == 1;
}

static void wait_for(struct scene *scene, enum what what, uint64_t count)
{
	struct wanted wanted = { scene, what, count };
	assert_true(eventually(is_so, &wanted));
}

void server_wait_workers(struct scene *scene, uint64_t count)
{
	wait_for(scene, WORKERS, count);
}

void server_wait_running(struct scene *scene, uint64_t count)
{
	wait_for(scene, RUNNING, count);
}

void server_wait_waiting(struct scene *scene, uint64_t count)
{
	wait_for(scene, WAITING, count);
}

/* ---- processes -------------------------------------------------------------------- */

static void put_words(const char **all, const char *what, const char *const *words)
{
	size_t count = 0;
	all[0] = "pool";
	all[1] = what;
	all[2] = "w";
	for (; words[count] != NULL; count++) {
		assert_in_range(count, 0, MOST_WORDS - 1);
		all[count + 3] = words[count];
	}
	all[count + 3] = NULL;
}

pid_t server_start(struct scene *scene, uint64_t workers, const char *const *words)
{
	const char *all[MOST_WORDS + 4];
	put_words(all, "serve", words);
	pid_t server = client_start(-1, -1, all);
	server_wait_workers(scene, workers);
	return server;
}

void server_stop(pid_t server)
{
	assert_int_equal(kill(server, SIGTERM), 0);
	child_join(server);
}

pid_t caller_start(const char *const *words)
{
	const char *all[MOST_WORDS + 4];
	put_words(all, "map", words);
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(nowhere >= 0);
	pid_t caller = client_start(nowhere, nowhere, all);
	close(nowhere);
	return caller;
}

/* ---- files ------------------------------------------------------------------------- */

const char *scratch(const struct scene *scene, const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", scene->broker.folder, name);
	return path;
}

struct lines {
	const char *path;
	int count;
	long last;
};

static bool has_lines(void *argument)
{
	struct lines *lines = argument;
	FILE *file = fopen(lines->path, "r");
	char text[128];
	int count = 0;
	while (file != NULL && fgets(text, sizeof text, file) != NULL) {
		count += strchr(text, '\n') != NULL;
		lines->last = strtol(text, NULL, 10);
	}
	if (file != NULL)
		fclose(file);
	return count >= lines->count;
}

long scratch_number(const struct scene *scene, const char *name, int count)
{
	struct lines lines = { .path = scratch(scene, name), .count = count };
	assert_true(eventually(has_lines, &lines));
	return lines.last;
}

int barrier_make(const struct scene *scene)
{
	assert_int_equal(mkfifo(scratch(scene, "fifo"), 0600), 0);
	int fd = open(scratch(scene, "fifo"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void barrier_open(int fd)
{
	assert_int_equal(write(fd, "\n", 1), 1);
}
