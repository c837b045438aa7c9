/*
 * Word frequencies over the text that a Debian machine has, counted by worker
 * processes: the whole of relevo in one program. It
 *
 *   - starts a broker, that listens on a Unix socket and on tcp,
 *   - opens a pool of local workers (word_run.c),
 *   - starts itself once more with --serve, as one would on another host, to
 *     serve the pool over tcp,
 *   - maps a function (word_task.c) over slices of the text and adds up the
 *     results as they come,
 *   - kills a worker in the middle of a task: another one does it again,
 *   - counts everything once more by itself, and compares.
 */
#include "examples/words/interrupt.h"
#include "examples/words/progress.h"
#include "examples/words/screen.h"
#include "examples/words/word_report.h"
#include "examples/words/word_run.h"
#include "examples/words/word_task.h"
#include "examples/words/word_text.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: word_count [OPTION]...\n"
	"       word_count --serve URL POOL [-j N]\n"
	"\n"
	"Counts the words in text files of this machine with a pool of worker\n"
	"processes, kills one of them in mid-run, and checks the result against\n"
	"what one process counts alone.\n"
	"\n"
	"  -j, --processes N  local workers (default 4)\n"
	"      --bytes SIZE   count at least so much text (default 50M)\n"
	"      --no-kill      let all workers live\n"
	"      --serve URL    take part in a run: be a worker of its pool POOL, with N\n"
	"                     processes (default: one for each processor), until it\n"
	"                     ends. A run prints the command; for another host, bring\n"
	"                     the broker's tcp port there with ssh -R\n"
	"      --help         print this\n"
	"\n"
	"SIZE is in bytes, or with a suffix K, M or G.\n"
	"\n"
	"Exit status: 0 the counts are the same, 1 they differ or something failed,\n"
	"2 wrong usage.\n";

struct options {
	struct word_run_options run;
	size_t bytes;
	const char *serve; /* the broker's URL; NULL: run the demo */
	const char *pool;
	int processes; /* 0: not given */
};

/* ---- options ------------------------------------------------------------ */

/* A whole number from 1 to `most`, with a suffix if `suffixes` has some. 0: it is
 * none. */
static size_t parse_number(const char *text, const char *suffixes, size_t most)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno == ERANGE)
		return 0;
	int shift = 0;
	const char *suffix = *end == '\0' ? NULL : strchr(suffixes, *end);
	if (suffix != NULL) {
		shift = 10 * (int)(suffix - suffixes + 1);
		end++;
	}
	if (*end != '\0' || number > most >> shift)
		return 0;
	return (size_t)number << shift;
}

static bool parse_size(struct options *options, const char *text)
{
	options->bytes = parse_number(text, "KMG", (size_t)1 << 40);
	if (options->bytes == 0)
		fprintf(stderr, "word_count: --bytes: \"%s\" is no size such as 50M\n", text);
	return options->bytes > 0;
}

static bool parse_processes(struct options *options, const char *text)
{
	enum { MOST = 200 };
	options->processes = (int)parse_number(text, "", MOST);
	if (options->processes == 0)
		fprintf(stderr, "word_count: --processes: \"%s\" is no number from 1 to %d\n", text,
			MOST);
	return options->processes > 0;
}

/* What is left behind the options. */
static bool parse_rest(struct options *options, int count, char **words)
{
	if (options->serve != NULL && count == 1) {
		options->pool = words[0];
		return true;
	}
	if (options->serve != NULL)
		fputs("word_count: --serve needs a URL and the name of a pool\n", stderr);
	else if (count > 0)
		fprintf(stderr, "word_count: \"%s\" is not an option\n", words[0]);
	return options->serve == NULL && count == 0;
}

enum { OPTION_BYTES = 256, OPTION_NO_KILL, OPTION_SERVE, OPTION_HELP };

static bool parse_option(struct options *options, int option)
{
	switch (option) {
	case 'j':
		return parse_processes(options, optarg);
	case OPTION_BYTES:
		return parse_size(options, optarg);
	case OPTION_NO_KILL:
		options->run.kill_one = false;
		return true;
	case OPTION_SERVE:
		options->serve = optarg;
		return true;
	case OPTION_HELP:
		fputs(help, stdout);
		exit(EXIT_SUCCESS);
	default:
		return false; /* getopt has said why */
	}
}

static bool parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "processes", required_argument, NULL, 'j' },
		{ "bytes", required_argument, NULL, OPTION_BYTES },
		{ "no-kill", no_argument, NULL, OPTION_NO_KILL },
		{ "serve", required_argument, NULL, OPTION_SERVE },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ NULL, 0, NULL, 0 },
	};
	*options = (struct options){ .run = { .kill_one = true }, .bytes = (size_t)50 << 20 };
	int option;
	while ((option = getopt_long(argc, argv, "j:", known, NULL)) != -1) {
		if (!parse_option(options, option))
			return false;
	}
	options->run.processes = options->processes > 0 ? options->processes : 4;
	return parse_rest(options, argc - optind, argv + optind);
}

/* ---- a worker of another host -------------------------------------------- */

/* All that a program has to do to lend its processors to a pool. */
static int serve(const struct options *options)
{
	struct relevo_worker_options worker = { .processes = options->processes };
	int status = word_task_register(NULL);
	if (status == RELEVO_OK)
		status = relevo_worker_serve(options->serve, options->pool, &worker);
	if (status == RELEVO_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "word_count: serving \"%s\" at %s: %s\n", options->pool, options->serve,
		relevo_error_detail());
	return EXIT_FAILURE;
}

/* ---- the demo ------------------------------------------------------------ */

/* The same work without relevo. */
static bool count_alone(const struct word_files *files, struct word_table *table, double *seconds)
{
	struct progress progress;
	bool good = true;
	screen_heading("One process alone");
	progress_begin(&progress, files->slice_count);
	for (size_t i = 0; i < files->slice_count && good && interrupt_signal() == 0; i++) {
		good = word_text_count(table, files->slices[i].data, files->slices[i].size);
		progress_step(&progress);
	}
	*seconds = progress_seconds(&progress);
	progress_end(&progress);
	if (!good)
		fputs("word_count: counting alone: no memory\n", stderr);
	return good && interrupt_signal() == 0;
}

static bool count_twice(const struct options *options, const struct word_files *files)
{
	struct word_run run;
	struct word_table alone = { 0 };
	double seconds;
	bool good = word_run(&run, files, &options->run) && count_alone(files, &alone, &seconds);
	if (good) {
		word_report_words(&run.table);
		word_report_crew(&run);
		word_report_times(&run, seconds);
		good = word_report_check(&run.table, &alone);
	}
	word_table_free(&alone);
	word_run_free(&run);
	return good;
}

static int run_demo(const struct options *options)
{
	struct word_files files;
	const char *problem;
	bool good = word_files_collect(&files, options->bytes, &problem);
	if (good) {
		word_report_input(&files, options->bytes);
		good = count_twice(options, &files);
	} else {
		fprintf(stderr, "word_count: %s\n", problem);
	}
	word_files_free(&files);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options options;
	if (!parse_options(&options, argc, argv)) {
		fputs("Try word_count --help.\n", stderr);
		return EXIT_USAGE;
	}
	screen_open();
	if (!word_text_prepare()) {
		fputs("word_count: the C library has no locale C.UTF-8\n", stderr);
		return EXIT_FAILURE;
	}
	if (options.serve != NULL)
		return serve(&options);
	interrupt_install();
	int status = run_demo(&options);
	if (interrupt_signal() == 0)
		return status;
	/* As shells expect of a program that a signal ended. */
	fputs("word_count: interrupted\n", stderr);
	return 128 + interrupt_signal();
}
