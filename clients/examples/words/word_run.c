#include "examples/words/word_run.h"

#include "examples/words/casualty.h"
#include "examples/words/children.h"
#include "examples/words/interrupt.h"
#include "examples/words/progress.h"
#include "examples/words/screen.h"
#include "examples/words/word_code.h"
#include "examples/words/word_task.h"

#include <stdio.h>
#include <stdlib.h>

/* Workers of "another host". */
enum { REMOTE_PROCESSES = 2 };

/* When one is killed: at this percentage of the results. */
enum { KILL_AT = 40 };

/* Seconds until all workers have to be there. */
enum { PATIENCE = 10 };

#define POOL_NAME "words"

/* What a run needs while it goes on. */
struct stage {
	struct word_run *run;
	const struct word_files *files;
	const struct word_run_options *options;
	struct casualty_marks *marks;
	struct children children;
	relevo_session *session;
	relevo_pool *pool;
	struct progress progress;
	bool killed;       /* one has been, in the middle of a task */
	char problem[256]; /* the first with a result */
};

static bool fail(const char *what, const char *why)
{
	/* What fails after Ctrl-C does so because of it. */
	if (interrupt_signal() == 0)
		fprintf(stderr, "word_count: %s: %s\n", what, why);
	return false;
}

/* ---- starting ---------------------------------------------------------- */

static bool open_pool(struct stage *stage)
{
	struct relevo_pool_options options = {
		.name = POOL_NAME,
		.processes = stage->options->processes,
	};
	if (relevo_session_open(stage->children.local_url, NULL, &stage->session) != RELEVO_OK)
		return fail("connecting to the broker", relevo_error_detail());
	if (relevo_pool_open(stage->session, &options, &stage->pool) != RELEVO_OK)
		return fail("opening the pool", relevo_error_detail());
	return true;
}

static bool start(struct stage *stage)
{
	stage->marks = casualty_marks_new();
	if (stage->marks == NULL)
		return fail("starting", "no memory");
	/* Before the pool is opened: its workers know what was known then. */
	if (word_task_register(stage->marks) != RELEVO_OK)
		return fail("registering the functions", relevo_error_detail());
	return children_start_broker(&stage->children) && open_pool(stage) &&
	       children_start_remote(&stage->children, POOL_NAME, REMOTE_PROCESSES);
}

/* Meet all workers that answer one round of small tasks. */
static bool ask_all(struct stage *stage, size_t count)
{
	struct relevo_bytes *arguments = calloc(count, sizeof *arguments);
	struct relevo_result *results = calloc(count, sizeof *results);
	struct relevo_map_options options = { .chunk = 1, .timeout = PATIENCE * 1000 };
	int status = RELEVO_NO_MEMORY;
	if (arguments != NULL && results != NULL)
		status = relevo_pool_map(stage->pool, WORD_TASK_ANSWER, arguments, count, &options,
					 results);
	bool good = status == RELEVO_OK || fail("asking the workers", relevo_error_detail());
	for (size_t i = 0; i < count && good; i++)
		good = crew_find(&stage->run->crew, stage->pool, &results[i]) != NULL;
	if (results != NULL)
		relevo_results_free(results, count);
	free(results);
	free(arguments);
	return good;
}

/* Wait until everybody is there: those from another host take a little longer,
 * and a short run would be over before. */
static bool call_roll(struct stage *stage)
{
	struct crew *crew = &stage->run->crew;
	size_t expected = (size_t)stage->options->processes + REMOTE_PROCESSES;
	double deadline = progress_clock() + PATIENCE;
	while (crew->count < expected) {
		if (interrupt_signal() != 0 || !ask_all(stage, expected))
			return false;
		if (!children_remote_runs(&stage->children))
			return fail("the workers over tcp", "their program has ended");
		if (progress_clock() > deadline)
			return fail("waiting for the workers", "not all of them came");
	}
	crew->complete = true;
	return true;
}

static void introduce(const struct stage *stage)
{
	screen_heading("With relevo");
	printf("  broker   %s\n           %s\n", stage->children.local_url,
	       stage->children.tcp_url);
	printf("  workers  %d of this program, %d over tcp as from another host\n",
	       stage->options->processes, REMOTE_PROCESSES);
	printf("  to join  word_count --serve %s %s\n\n", stage->children.tcp_url, POOL_NAME);
}

/* ---- counting ---------------------------------------------------------- */

/* Kill a local worker that is in the middle of a task. Its task may just have been
 * finished, in the moment between the look and the kill; then the next one has to
 * die. */
static void kill_one(struct stage *stage)
{
	enum { MOST = 256 };
	pid_t pids[MOST];
	size_t count = relevo_pool_workers(stage->pool, pids, MOST);
	for (size_t i = 0; i < count && i < MOST && !stage->killed; i++) {
		if (!casualty_in_task(stage->marks, pids[i]) || !casualty_kill(pids[i]))
			continue;
		crew_killed(&stage->run->crew, pids[i]);
		stage->killed = casualty_in_task(stage->marks, pids[i]);
		progress_say(&stage->progress, "worker %d: killed with SIGKILL%s", pids[i],
			     stage->killed ? " in the middle of a task" : "");
	}
}

/* What is wrong with a result, or NULL when it has been added to the rest. */
static const char *take_result(struct stage *stage, const struct relevo_result *result)
{
	struct word_run *run = stage->run;
	if (result->status != RELEVO_OK)
		return result->data;
	struct crew_member *member = crew_find(&run->crew, stage->pool, result);
	if (member == NULL)
		return "no memory";
	member->tasks++;
	run->again += result->attempts > 1;
	return word_code_merge(&run->table, result->data, result->size);
}

/* Each result is merged while the workers are busy with the next. */
static void on_result(size_t index, const struct relevo_result *result, void *user)
{
	struct stage *stage = user;
	const char *problem = take_result(stage, result);
	if (problem != NULL && stage->problem[0] == '\0')
		snprintf(stage->problem, sizeof stage->problem, "task %zu: %s", index, problem);
	progress_step(&stage->progress);
	if (stage->options->kill_one && !stage->killed &&
	    stage->progress.done * 100 >= stage->progress.total * KILL_AT)
		kill_one(stage);
}

static bool map_slices(struct stage *stage, struct relevo_result *results)
{
	const struct word_files *files = stage->files;
	struct relevo_map_options options = { .chunk = 1, .on_result = on_result, .user = stage };
	progress_begin(&stage->progress, files->slice_count);
	int status = relevo_pool_map(stage->pool, WORD_TASK_COUNT, files->slices,
				     files->slice_count, &options, results);
	stage->run->seconds = progress_seconds(&stage->progress);
	progress_end(&stage->progress);
	if (status != RELEVO_OK)
		return fail("counting", relevo_error_detail());
	return true;
}

static bool count_words(struct stage *stage)
{
	size_t count = stage->files->slice_count;
	struct relevo_result *results = calloc(count, sizeof *results);
	if (results == NULL)
		return fail("counting", "no memory");
	bool good = map_slices(stage, results);
	if (good)
		relevo_results_free(results, count);
	free(results);
	if (good && stage->problem[0] != '\0')
		return fail("counting", stage->problem);
	/* These hold whatever the timing; if not, relevo or this program is wrong. */
	if (good && stage->options->kill_one && !stage->killed)
		return fail("killing a worker", "none was met in the middle of a task");
	if (good && stage->options->kill_one && stage->run->again == 0)
		return fail("counting", "the task of the worker that died was not run again");
	return good;
}

/* ---- the whole --------------------------------------------------------- */

/* Closing the pool sends home the workers over tcp, too. */
static void stop(struct stage *stage)
{
	relevo_pool_close(stage->pool);
	relevo_session_close(stage->session);
	children_end(&stage->children);
	casualty_marks_free(stage->marks);
}

bool word_run(struct word_run *run, const struct word_files *files,
	      const struct word_run_options *options)
{
	*run = (struct word_run){ 0 };
	struct stage stage = { .run = run, .files = files, .options = options };
	bool good = start(&stage) && call_roll(&stage);
	if (good) {
		introduce(&stage);
		good = count_words(&stage);
	}
	stop(&stage);
	return good;
}

void word_run_free(struct word_run *run)
{
	word_table_free(&run->table);
	crew_free(&run->crew);
}
