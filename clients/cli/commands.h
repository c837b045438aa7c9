#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command cmd_queue_create;
extern const struct command cmd_queue_stat;
extern const struct command cmd_queue_put;
extern const struct command cmd_queue_get;
extern const struct command cmd_queue_delete;
extern const struct command cmd_queue_list;
extern const struct command cmd_queue_peek;
extern const struct command cmd_queue_purge;
extern const struct command cmd_queue_move;
extern const struct command cmd_queue_shutdown;
extern const struct command cmd_lock_run;
extern const struct command cmd_pool_serve;
extern const struct command cmd_pool_map;
extern const struct command cmd_pool_list;
extern const struct command cmd_pool_stat;
extern const struct command cmd_ps;
extern const struct command cmd_top;
extern const struct command cmd_data_check;
extern const struct command cmd_data_dump;
extern const struct command cmd_data_backup;

#endif
