/* Printing the results of a case, as a row of a table or as JSON. */
#include "bench/report.h"

#include "bench/die.h"

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
	printf("%-20s %-8s %9s  %-20s  %-30s %9s %6s\n", "case", "unit", "median", "min..max",
	       "versus", "median", "ratio");
	fflush(stdout);
}

void report_row(const struct bench_case *bench, const struct bench_result *result)
{
	char median[FIGURE_WIDTH], least[FIGURE_WIDTH], most[FIGURE_WIDTH], range[52];
	snprintf(range, sizeof range, "%s..%s", format_figure(least, result->own.least),
		 format_figure(most, result->own.most));
	printf("%-20s %-8s %9s  %-20s", bench->name, bench->unit,
	       format_figure(median, result->own.median), range);
	if (!isnan(result->ratio))
		printf("  %-30s %9s %6.2f", bench->versus,
		       format_figure(median, result->versus.median), result->ratio);
	putchar('\n');
	fflush(stdout);
}

/* Further digits would be noise. */
static double rounded(double figure)
{
	return round(figure * 1000) / 1000;
}

void report_json(FILE *file, const struct bench_case *bench, const struct bench_result *result)
{
	bool compared = !isnan(result->ratio);
	json_t *line = json_pack("{ss, sf, ss, ss?, so}", "case", bench->name, "value",
				 rounded(result->own.median), "unit", bench->unit, "versus",
				 compared ? bench->versus : NULL, "ratio",
				 compared ? json_real(rounded(result->ratio)) : json_null());
	if (line == NULL || json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0 ||
	    fputc('\n', file) == EOF || fflush(file) != 0)
		die("the result of %s cannot be written", bench->name);
	json_decref(line);
}
