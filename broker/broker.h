#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/error.h"
#include "broker_config.h"
#include "data/data_folder.h"
#include "net/loop.h"
#include "wire/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole broker: the layers, put together. */
struct broker;

/* Nothing runs and nobody can connect yet. NO_MEMORY, SYSTEM. */
int broker_open(const struct broker_config *config, struct broker **broker, struct error *error);

/* Ends all sessions, removes the socket files. NULL is allowed. */
void broker_close(struct broker *broker);

/* As listeners_add() and listeners_url(). */
int broker_listen(struct broker *broker, const char *url, struct error *error);

/* Serve a socket that listens already; the broker closes it. NO_MEMORY, SYSTEM: it is closed. */
int broker_listen_at(struct broker *broker, int fd, const char *url, struct error *error);
const char *broker_url(const struct broker *broker, size_t index);

/* To add what ends it: loop_stop() lets broker_run() return. */
struct loop *broker_loop(struct broker *broker);

/* SYSTEM when the loop failed. */
int broker_run(struct broker *broker, struct error *error);

#endif
