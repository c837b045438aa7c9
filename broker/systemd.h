#ifndef BROKER_SYSTEMD_H
#define BROKER_SYSTEMD_H

/* Listening sockets that systemd has passed, from descriptor 3 on; 0 when none
 * or when relevod was built without libsystemd. */
int systemd_sockets(void);

/* Tell systemd of a change of state, if it wants to know. */
void systemd_ready(void);
void systemd_stopping(void);

#endif
