#ifndef CLI_TOP_SIGNALS_H
#define CLI_TOP_SIGNALS_H

/*
 * A signal that ends the program gives the terminal back first, and ends it as any other, so that
 * a shell sees which it was. (What ncurses does by itself ends it with status 1.)
 */

/* Before ncurses takes the terminal: how it is, and the signals, which are not ncurses' then. */
void top_signals_take(void);

/* Behind it: how the terminal is told. */
void top_signals_know_terminal(void);

/* The terminal has been given back. */
void top_signals_leave(void);

#endif
