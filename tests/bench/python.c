/* Running a script of Python that measures, and reading its figure. */
#include "bench/python.h"

#include "bench/actors.h"
#include "bench/die.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 5 };

static void become_python(int output, const char *script, const int *arguments, int count)
{
	char numbers[MOST][16];
	char *words[MOST + 3] = { (char *)"python3", (char *)script };
	for (int i = 0; i < count && i < MOST; i++) {
		snprintf(numbers[i], sizeof numbers[i], "%d", arguments[i]);
		words[i + 2] = numbers[i];
	}
	dup2(output, STDOUT_FILENO);
	execvp("python3", words);
	_exit(1);
}

double python_figure(const char *script, const int *arguments, int count)
{
	int ends[2];
	double figure;
	if (pipe2(ends, O_CLOEXEC) < 0)
		die_errno("pipe");
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0) {
		end_with_parent(parent);
		become_python(ends[1], script, arguments, count);
	}
	close(ends[1]);
	FILE *output = fdopen(ends[0], "r");
	if (output == NULL)
		die_errno("fdopen");
	if (fscanf(output, "%lf", &figure) != 1)
		figure = NAN;
	fclose(output);
	waitpid(pid, NULL, 0);
	return figure;
}
