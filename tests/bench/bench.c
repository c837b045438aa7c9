/* The bench program: its options, and running the cases that are chosen. */
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/report.h"

#include <errno.h>
#include <getopt.h>
#include <relevo/process.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: bench [OPTION]... [CASE]...\n"
	"\n"
	"Measures those cases, or all, each by turns with what it is compared to.\n"
	"\n"
	"  --json FILE   write the results there too, one JSON object a line; - is\n"
	"                standard output, instead of the table\n"
	"  --rounds N    take the medians of N rounds, 5 (default) to 1000\n"
	"  --deep N      with N items of 1 KiB, 1000000 (default) to 100000000, in the\n"
	"                queue of the cases durable_deep_...; the long form has 10000000\n"
	"  --list        print the names of the cases\n"
	"  --help        print this\n"
	"\n"
	"RELEVO_BROKER names another relevod to measure, and RELEVO_BENCH_DIR a folder on\n"
	"the disk to write to, instead of that of this program.\n";

enum { DEEP_LEAST = 1000 * 1000, DEEP_MOST = 100 * 1000 * 1000 };

struct options {
	int rounds;
	FILE *json; /* NULL: none */
};

static const struct bench_case *find_case(const char *name)
{
	for (const struct bench_case *bench = bench_cases; bench->name != NULL; bench++) {
		if (strcmp(bench->name, name) == 0)
			return bench;
	}
	die("there is no case \"%s\"; see --list", name);
}

static void list_cases(void)
{
	for (const struct bench_case *bench = bench_cases; bench->name != NULL; bench++)
		puts(bench->name);
}

static long parse_number(const char *option, const char *text, long least, long most)
{
	char *end;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < least || number > most)
		die("--%s: \"%s\" is not a number from %ld to %ld", option, text, least, most);
	return number;
}

static FILE *open_json(const char *path)
{
	if (strcmp(path, "-") == 0)
		return stdout;
	FILE *file = fopen(path, "we");
	if (file == NULL)
		die_errno(path);
	return file;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "deep", required_argument, NULL, 'd' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'j':
			options->json = open_json(optarg);
			break;
		case 'r':
			options->rounds = (int)parse_number("rounds", optarg, BENCH_MIN_ROUNDS,
							    BENCH_MAX_ROUNDS);
			break;
		case 'd':
			durable_deep_items =
				(size_t)parse_number("deep", optarg, DEEP_LEAST, DEEP_MOST);
			break;
		case 'l':
			list_cases();
			exit(0);
		case 'h':
			fputs(help, stdout);
			exit(0);
		default: /* getopt has said why */
			exit(2);
		}
	}
}

static void run_case(const struct bench_case *bench, const struct options *options)
{
	static bool first_durable = true;
	static struct bench_result result;
	if (bench->peer_figure != NULL)
		peers_tell_missing();
	if (bench->durable && first_durable && options->json != stdout)
		report_disk();
	first_durable = first_durable && !bench->durable;
	bench_measure(bench, options->rounds, &result);
	if (options->json != stdout)
		report_row(bench, &result);
	if (options->json != NULL)
		report_json(options->json, bench, &result);
}

int main(int argc, char **argv)
{
	struct options options = { .rounds = BENCH_MIN_ROUNDS };
	relevo_process_enter(argc, argv);
	parse_options(argc, argv, &options);
	for (int i = optind; i < argc; i++)
		find_case(argv[i]);
	if (options.json != stdout)
		report_heading();
	for (int i = optind; i < argc; i++)
		run_case(find_case(argv[i]), &options);
	if (optind == argc) {
		for (const struct bench_case *bench = bench_cases; bench->name != NULL; bench++)
			run_case(bench, &options);
	}
	if (options.json != NULL && fclose(options.json) != 0)
		die_errno("--json");
	return 0;
}
