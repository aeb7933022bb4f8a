#include <stdio.h>

int main(void)
{
    puts("orrery " ORRERY_VERSION);
    return 0;
}
