/* Giving the terminal back when a signal ends "top". */
#include "cli/top_signals.h"

#include <curses.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

enum { ENDING = sizeof ending / sizeof ending[0] };

/* All that the handler needs, made before. */
static struct termios terminal_before;
static char terminal_words[256];

/* With nothing but what a handler may call: ncurses' own functions may be in the middle. */
static void top_signals_give_back(int number)
{
	ssize_t written = write(STDOUT_FILENO, terminal_words, strlen(terminal_words));
	(void)written;
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
	signal(number, SIG_DFL);
	raise(number);
}

static void handle(const struct sigaction *action, void (*from)(int))
{
	struct sigaction now;
	for (int i = 0; i < ENDING; i++) {
		/* What whoever started it has ignored stays so. */
		if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler == from)
			sigaction(ending[i], action, NULL);
	}
}

void top_signals_take(void)
{
	struct sigaction action = { .sa_handler = top_signals_give_back };
	sigfillset(&action.sa_mask);
	tcgetattr(STDIN_FILENO, &terminal_before);
	terminal_words[0] = '\0';
	handle(&action, SIG_DFL);
}

/* -1: it is no string of this kind of terminal. */
static const char *word(const char *name)
{
	const char *text = tigetstr(name);
	return text == NULL || text == (const char *)(intptr_t)-1 ? "" : text;
}

void top_signals_know_terminal(void)
{
	snprintf(terminal_words, sizeof terminal_words, "%s%s%s%s", word("sgr0"), word("cnorm"),
		 word("rmkx"), word("rmcup"));
}

void top_signals_leave(void)
{
	handle(&(const struct sigaction){ .sa_handler = SIG_DFL }, top_signals_give_back);
}
