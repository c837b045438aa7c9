/* Printing the results of a case, as a row of a table or as JSON. */
#include "bench/report.h"

#include "bench/die.h"
#include "bench/durable_load.h"
#include "bench/folder.h"

#include <jansson.h>
#include <math.h>

enum { FIGURE_WIDTH = 24 };

/* Three or four digits that mean something, and all those of large numbers. */
static const char *format_figure(char text[FIGURE_WIDTH], double figure)
{
	int decimals = figure >= 100 ? 0 : figure >= 10 ? 1 : 2;
	snprintf(text, FIGURE_WIDTH, "%.*f", decimals, figure);
	return text;
}

void report_heading(void)
{
	printf("%-25s %-10s %9s  %-20s  %-30s %9s %6s\n", "case", "unit", "median", "min..max",
	       "versus", "median", "ratio");
	fflush(stdout);
}

void report_disk(void)
{
	printf("\nFiles are in %s (%s). relevo: %s.\n", folder_place(), folder_file_system(),
	       relevo_peer.promise);
	fflush(stdout);
}

static void report_versus(const struct bench_versus *versus)
{
	char median[FIGURE_WIDTH];
	printf("  %-30s %9s %6.*f", versus->name, format_figure(median, versus->summary.median),
	       versus->ratio < 0.1 ? 4 : 2, versus->ratio);
	if (versus->promise != NULL)
		printf("  %s", versus->promise);
}

void report_row(const struct bench_case *bench, const struct bench_result *result)
{
	char median[FIGURE_WIDTH], least[FIGURE_WIDTH], most[FIGURE_WIDTH], range[52];
	snprintf(range, sizeof range, "%s..%s", format_figure(least, result->own.least),
		 format_figure(most, result->own.most));
	printf("%-25s %-10s %9s  %-20s", bench->name, bench->unit,
	       format_figure(median, result->own.median), range);
	for (size_t i = 0; i < result->versus_count; i++) {
		if (i > 0)
			printf("\n%-25s %-10s %9s  %-20s", "", "", "", "");
		report_versus(&result->versus[i]);
	}
	putchar('\n');
	fflush(stdout);
}

/* Further digits would be noise. */
static double rounded(double figure)
{
	return round(figure * 1000) / 1000;
}

static void write_line(FILE *file, const char *name, json_t *line)
{
	if (line == NULL || json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0 ||
	    fputc('\n', file) == EOF || fflush(file) != 0)
		die("the result of %s cannot be written", name);
	json_decref(line);
}

/* What only some lines have. */
static void add_durable(json_t *line, const struct bench_versus *versus)
{
	json_object_set_new(line, "file_system", json_string(folder_file_system()));
	json_object_set_new(line, "promise", json_string(relevo_peer.promise));
	if (versus == NULL)
		return;
	json_object_set_new(line, "versus_value", json_real(rounded(versus->summary.median)));
	if (versus->promise != NULL)
		json_object_set_new(line, "versus_promise", json_string(versus->promise));
}

/* `versus`: NULL for none. */
static void report_line(FILE *file, const struct bench_case *bench,
			const struct bench_result *result, const struct bench_versus *versus)
{
	char name[64];
	bool named = versus != NULL && versus->suffix != NULL;
	snprintf(name, sizeof name, "%s%s%s", bench->name, named ? "_" : "",
		 named ? versus->suffix : "");
	json_t *line = json_pack("{ss, sf, ss, ss?, so}", "case", name, "value",
				 rounded(result->own.median), "unit", bench->unit, "versus",
				 versus != NULL ? versus->name : NULL, "ratio",
				 versus != NULL ? json_real(rounded(versus->ratio)) : json_null());
	if (line != NULL && bench->durable)
		add_durable(line, versus);
	write_line(file, name, line);
}

void report_json(FILE *file, const struct bench_case *bench, const struct bench_result *result)
{
	if (result->versus_count == 0)
		report_line(file, bench, result, NULL);
	for (size_t i = 0; i < result->versus_count; i++)
		report_line(file, bench, result, &result->versus[i]);
}
