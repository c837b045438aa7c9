/* Signals that stand for errors of writing, which are told otherwise here. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

static const int numbers[] = { SIGPIPE, SIGXFSZ };

enum { SIGNALS = sizeof numbers / sizeof numbers[0] };

static struct sigaction inherited[SIGNALS];

void signals_ignore(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(numbers[i], &ignore, &inherited[i]);
}

void signals_give_back(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(numbers[i], &inherited[i], NULL);
}
