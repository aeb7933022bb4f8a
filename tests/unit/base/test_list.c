#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static void assert_list(struct list *list, const int *numbers, size_t count)
{
    size_t i = 0;
    LIST_FOR_EACH (link, list) {
        assert_true(i < count);
        assert_int_equal(container_of(link, struct item, link)->number, numbers[i++]);
    }
    assert_int_equal(i, count);
    for (struct list *link = list->prev; link != list; link = link->prev) { /* and backwards */
        assert_int_equal(container_of(link, struct item, link)->number, numbers[--i]);
    }
    assert_int_equal(i, 0);
}

static void items_are_added_at_both_ends_and_between(void **state)
{
    (void)state;
    struct list list;
    struct item items[] = {{1}, {2}, {3}, {4}};
    list_init(&list);
    assert_true(list_is_empty(&list));
    list_add_last(&items[1].link, &list);
    list_add_first(&items[0].link, &list);
    list_add_last(&items[3].link, &list);
    list_add_before(&items[2].link, &items[3].link);
    assert_false(list_is_empty(&list));
    assert_list(&list, (const int[]){1, 2, 3, 4}, 4);
}

static void removing_twice_does_no_harm(void **state)
{
    (void)state;
    struct list list;
    struct item items[] = {{1}, {2}, {3}};
    list_init(&list);
    for (size_t i = 0; i < 3; i++) {
        list_add_last(&items[i].link, &list);
    }
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_list(&list, (const int[]){1, 3}, 2);
    list_remove(&items[0].link);
    list_remove(&items[2].link);
    assert_true(list_is_empty(&list));
}

static void items_may_go_while_walking(void **state)
{
    (void)state;
    struct list list;
    struct item items[] = {{1}, {2}, {3}, {4}};
    list_init(&list);
    for (size_t i = 0; i < 4; i++) {
        list_add_last(&items[i].link, &list);
    }
    LIST_FOR_EACH_SAFE (link, &list) {
        struct item *item = container_of(link, struct item, link);
        if (item->number % 2 == 0) {
            list_remove(link);
            link->next = NULL; /* as if its memory were gone */
        }
    }
    assert_list(&list, (const int[]){1, 3}, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_added_at_both_ends_and_between),
        cmocka_unit_test(removing_twice_does_no_harm),
        cmocka_unit_test(items_may_go_while_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
