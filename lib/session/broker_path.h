#ifndef SESSION_BROKER_PATH_H
#define SESSION_BROKER_PATH_H

#include <stddef.h>

/*
 * The program to start as a private broker: what was asked for, else what RELEVO_BROKER says, else
 * the one that belongs to this library (beside it, in the folder where both were built or
 * installed, or where they were to be installed), else "relevod", to be looked for in the PATH. A
 * program that was given more rights than whoever runs it has minds neither the environment nor
 * where its library is. `room` is for a path that has to be made up.
 */
const char *broker_path(const char *asked, char *room, size_t size);

#endif
