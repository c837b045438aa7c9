#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/* A reader that leaves (SIGPIPE), or a file that may not grow (SIGXFSZ), is an error of writing, as
 * others are: items can be given back, and something can be said. Once, at the beginning. */
void signals_ignore(void);

/* In a child that becomes another program: what it would have found without this one. */
void signals_give_back(void);

#endif
