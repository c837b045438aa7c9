#ifndef DATA_DATA_DOOR_H
#define DATA_DATA_DOOR_H

#include "data/data_folder.h"

/*
 * Where the users of a data folder find its broker (data_socket.h), and whether there are any.
 * The folder is locked: so what lies there is a dead broker's.
 */

/* A Unix socket that listens at the socket file of the folder, for its owner alone. Call it before
 * there are threads that use the working directory. The descriptor is the caller's. DENIED,
 * NO_DESCRIPTORS, NO_MEMORY, SYSTEM. */
int data_door_open(const struct data_folder *folder, int *fd, struct error *error);

/* Nobody finds it any more. Before it is closed. */
void data_door_hide(const struct data_folder *folder);

/* Whether no process says that it uses the folder. From then on none can until this one has
 * ended. */
bool data_door_deserted(const struct data_folder *folder);

#endif
