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
	"  --list        print the names of the cases\n"
	"  --help        print this\n"
	"\n"
	"RELEVO_BROKER names another relevod to measure.\n";

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

static int parse_rounds(const char *text)
{
	char *end;
	errno = 0;
	long rounds = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || rounds < BENCH_MIN_ROUNDS || rounds > BENCH_MAX_ROUNDS)
		die("--rounds: \"%s\" is not a number from %d to %d", text, BENCH_MIN_ROUNDS,
		    BENCH_MAX_ROUNDS);
	return (int)rounds;
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
			options->rounds = parse_rounds(optarg);
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
	struct bench_result result;
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
