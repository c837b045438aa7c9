#ifndef CLI_DESCENDANTS_H
#define CLI_DESCENDANTS_H

/*
 * What runs below this process, whatever groups and sessions it has made for itself.
 */

/* From now on orphans below this process become its children, so that they stay below it. */
void descendants_adopt(void);

/* Send it to all of them. Of a system that does not tell who they are, none gets it. */
void descendants_signal(int number);

#endif
