#ifndef PROCESS_REEXEC_TRUST_H
#define PROCESS_REEXEC_TRUST_H

#include <stdbool.h>

/*
 * Whether a program that is run anew may do what comes through this socket. Whoever has started
 * it may be any user; so where the program has got more rights by being started (`secure`: as
 * AT_SECURE has it, by set-user-id or set-group-id), whoever made the socket has to have had these
 * already. Rights that are no ids, capabilities say, cannot be seen in a socket: a program that
 * gets such obeys nobody.
 */
bool reexec_trusts(int socket, bool secure);

#endif
