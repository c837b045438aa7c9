#include "ends.h"
int main(void)
{
	return 0;
}
