#ifndef POOL_POOL_BROKEN_H
#define POOL_POOL_BROKEN_H

#include "pool/pool_job.h"

/* A chunk that was begun and not finished. */
struct broken {
	struct job *job;
	const Relevo__ResultHeader *worker; /* tells who it was */
	uint64_t first;
	uint32_t count;
	uint32_t handed;     /* how often it was handed out */
	bool known;          /* which one is to blame: */
	uint64_t culprit;    /* its index */
	int status;          /* its outcome, if it is not run again, */
	const uint8_t *text; /* in words */
	size_t size;
};

/* What of it has no result is run again in pieces, or has this outcome. */
int job_mend(struct broken *broken);

/* As a worker says that did not run it again. */
int job_take_broken(struct job *job, const Relevo__ResultHeader *header, const uint8_t *text);

/* The broker has taken it from a worker that had it for too long, and does not answer. */
int job_take_overdue(struct job *job, const Relevo__TaskHeader *task);

#endif
