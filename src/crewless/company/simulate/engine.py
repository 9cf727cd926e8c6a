"""The event loop: one function, compiled, that holds no Python object and asks no lock.

A **token** is a case's presence at one place; a case that was split in parallel has several. What happens at one moment
is: one event is taken from the heap; tokens move through gateways until each waits in a queue, travels, or has ended; the
pools that were touched begin what they can. Everything random is drawn by name (see :mod:`.draws`).

The module stays whole, beyond 600 lines, because it is one algorithm over one state of some forty arrays: handing them to helper
functions costs more than the work itself, and nothing else would use a part of it.
"""

from typing import Any

import numpy as np
from numba import njit

from crewless.company.simulate.compiled import AND, END, OR, TERMINATE, XOR
from crewless.company.simulate.draws import duration, key_of, uniform

DONE, STUCK, ENDLESS, CROWDED = range(4)
"""How a run ended: as it should; a case waits in a join for ever; a cycle that does not finish; more cases than ``MOST_CASES``."""
MOST_CASES = 2_000_000
MOST_VISITS = 10_000
"""Most visits of one case to one node; more means a cycle that does not finish."""
_WORKED, _MET, _CAME, _NEW, _CALENDAR, _DAY = range(6)

CASE_COLUMNS = (
    "arrived", "turned_away", "done", "lead_h", "right", "right_first_time", "cost", "work_h", "waiting_h", "meeting_h",
    "handovers", "rework", "present_h",
)  # fmt: skip
"""Sums over the cases that were done in a batch; ``arrived``, ``turned_away`` and ``present_h`` count when it happens."""
_ARRIVED, _TURNED, _DONE, _LEAD, _RIGHT, _FIRST = range(6)
_SUMS, _PRESENT = 6, 12
_COST, _WORK, _WAIT, _MEETING, _HANDOVERS, _REWORK = range(6)
CELL_COLUMNS = ("visits", "waiting_h", "work_h", "meeting_h", "errors", "caught", "held_back_h")
"""``held_back_h``: waiting for a meeting to begin, which is in ``waiting_h`` too."""
_VISITS, _C_WAIT, _C_WORK, _C_MEETING, _ERRORS, _CAUGHT, _HELD = range(7)
LEAD_BINS, LEAD_LOW_H, LEAD_STEP = 480, 1e-3, 0.04
"""The histogram of lead times: bin 0 is below ``LEAD_LOW_H``, each further one is ``exp(LEAD_STEP)`` times as long."""
_MOVING, _QUEUED, _WORKING, _TRAVELLING = range(4)
"""What a token does; one that is free moves. One that was called off keeps its place in queue or heap, without a case."""
# Purposes of a draw.
_P_WORK, _P_ERROR, _P_CATCH, _P_NEED, _P_AGREE, _P_ROUTE, _P_DELAY = range(7)


@njit(cache=True, nogil=True)
def push(times, whats, size, time, what):
    """Into the heap; ``size`` is the place behind its last."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if times[above] <= time:
            break
        times[at] = times[above]
        whats[at] = whats[above]
        at = above
    times[at] = time
    whats[at] = what


@njit(cache=True, nogil=True)
def sift(times, whats, size):
    """The top has been taken: the hole sinks to a leaf, the last of ``size + 1`` goes there and rises (Wegener 1993).

    Without a comparison with the last on the way down there is no branch that a processor guesses wrong half the time.
    """
    time, what = times[size], whats[size]
    times[size] = np.inf
    at, child = 0, 1
    while child < size:
        child += np.int64(times[child + 1] < times[child])
        times[at] = times[child]
        whats[at] = whats[child]
        at = child
        child = 2 * at + 1
    while at > 0:
        above = (at - 1) >> 1
        if times[above] <= time:
            break
        times[at] = times[above]
        whats[at] = whats[above]
        at = above
    times[at] = time
    whats[at] = what


@njit(cache=True, nogil=True)
def wall(first, end, opens, worked, week, done):
    """The hour at which a calendar has been open for ``done`` hours; its intervals are ``first`` to ``end``."""
    weeks = np.floor(done / week)
    rest = done - weeks * week
    at = first
    while at + 1 < end and worked[at + 1] < rest:
        at += 1
    return weeks * 168.0 + opens[at] + rest - worked[at]


@njit(cache=True, nogil=True)
def longer(values: Any) -> Any:
    """The same array, twice as long."""
    more = np.zeros((2 * values.shape[0], *values.shape[1:]), values.dtype)
    more[: values.shape[0]] = values
    return more


@njit(cache=True, nogil=True)
def simulate(p, seed, horizon, warmup, batches, keep_log):
    """One replication of the sheet, from an empty Monday 00:00 on.

    Args:
        p: a :class:`Program`.
        seed: uint64.
        horizon: hours.
        warmup: hours before the first batch.
        batches: how many, of equal length up to the horizon.
        keep_log: whether every visit is written down.

    Returns:
        status, where (a node, or the cases present), events, cases (Shape (batches + 1, 13), row 0 before the warm-up is
        over), cells (Shape (batches + 1, cells, 7)), lead-time histogram, and the log: case, node, whether it was a
        meeting, and times (queued, begun, ended).
    """
    # Named once: taking an array out of the program again and again would count references in the loop.
    p_kind, out_first, p_target, p_chance = p.kind, p.out_first, p.target, p.chance
    p_delay, in_first, in_arrow, d_kind = p.delay, p.in_first, p.in_arrow, p.d_kind
    d_first, d_number, p_pool, p_queue = p.d_first, p.d_number, p.pool, p.queue
    p_work, p_error, p_catch, p_cost = p.work, p.error, p.catch, p.cost
    p_rework, p_capacity, m_people, m_hours = p.rework, p.capacity, p.m_people, p.m_hours
    m_probability, m_agree, p_count, p_calendar = p.m_probability, p.m_agree, p.members, p.calendar
    queue_first, p_rate, p_handover, p_sick = p.queue_first, p.rate, p.handover, p.sick
    p_leave, c_first, p_opens, p_closes = p.leave, p.c_first, p.opens, p.closes
    p_worked, p_week, p_arrival, arrival_calendar = p.worked, p.week, p.arrival, p.arrival_calendar
    p_starts, p_reach, has_join, inside = p.starts, p.reach, p.has_join, p.inside
    nodes, cells, arrows, pools = len(p_kind), len(p_pool), len(p_target), len(p_count)
    calendars, words = len(p_week), (cells + 63) >> 6
    has_or = p_reach.shape[0] > 0
    one = np.uint64(1)
    case_sum = np.zeros((batches + 1, 13))
    cell_sum = np.zeros((batches + 1, cells, 7))
    histogram = np.zeros(LEAD_BINS, np.int64)
    # Tokens.
    room = 256
    t_case, t_node, t_arrow = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64)
    t_pool, t_back, t_meets = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64)
    t_next, t_queued, t_begun = np.zeros(room, np.int64), np.zeros(room), np.zeros(room)
    t_state, t_need, t_hours, t_ends = np.zeros(room, np.int8), np.zeros(room, np.int64), np.zeros(room), np.zeros(room)
    t_free = np.arange(room - 1, -1, -1)
    t_left = room
    # Cases.
    seats = 256
    c_key, c_number, c_arrived = np.zeros(seats, np.uint64), np.zeros(seats, np.int64), np.zeros(seats)
    c_tokens, c_waiting, c_sum = np.zeros(seats, np.int64), np.zeros(seats, np.int64), np.zeros((seats, 6))
    c_visits = np.zeros((seats, nodes), np.int32)
    c_errors = np.zeros((seats, words), np.uint64)
    c_came = np.zeros((seats, arrows if has_join else 0), np.int32)
    c_at = np.zeros((seats, nodes if has_or else 0), np.int32)
    c_joining = np.zeros((seats, nodes if has_or else 0), np.int32)
    c_free = np.arange(seats - 1, -1, -1)
    c_left = seats
    # Pools and queues.
    queues = queue_first[pools]
    q_head, q_tail = np.full(queues, -1), np.full(queues, -1)
    busy, absent = np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    held = np.zeros(cells, np.int64)
    touched, is_touched, n_touched = np.zeros(pools, np.int64), np.zeros(pools, np.bool_), 0
    # Calendars.
    k_open, k_close = np.ones(calendars, np.bool_), np.full(calendars, np.inf)
    k_at, k_base = np.zeros(calendars, np.int64), np.zeros(calendars)
    # The heap.
    margin = arrows + calendars + int(p_count.sum()) + 8
    times, whats = np.zeros(2 * margin), np.zeros(2 * margin, np.int64)
    size = 0
    for k in range(1, calendars):
        k_open[k] = False
        if c_first[k] < c_first[k + 1]:
            k_at[k] = c_first[k]
            push(times, whats, size, p_opens[k_at[k]], (k << 3) | _CALENDAR)
            size += 1
    away = False
    for q in range(pools):
        away |= p_sick[q] > 0.0 or p_leave[q] > 0.0
    if away:
        push(times, whats, size, 0.0, _DAY)
        size += 1
    # Arrivals.
    arrivals = key_of(seed, 1)
    number, a_done = 0, 0.0
    gap = duration(d_kind, d_first, d_number, p_arrival, arrivals, number)
    a_done = gap
    first = gap
    k = arrival_calendar
    if k > 0:
        first = wall(c_first[k], c_first[k + 1], p_opens, p_worked, p_week[k], gap)
    push(times, whats, size, first, _NEW)
    size += 1
    # The log.
    log_case, log_node = np.zeros(1024, np.int64), np.zeros(1024, np.int64)
    log_met, log_time, n_log = np.zeros(1024, np.bool_), np.zeros((1024, 3)), 0
    stack, leaving, depth = np.zeros(4 * arrows + 64, np.int64), np.zeros(4 * arrows + 64, np.bool_), 0
    deepest = 3 * arrows + 60
    batch, boundary = 0, warmup
    length = (horizon - warmup) / batches
    present, last, events = 0, 0.0, 0
    status, where = DONE, 0

    running = True
    while running:
        # Room is made out here: an array that is replaced inside the loop costs a count of references at every turn.
        if size + margin > len(times):
            times, whats = longer(times), longer(whats)
        if t_left < 4 * arrows + 16:
            t_case, t_node, t_arrow = longer(t_case), longer(t_node), longer(t_arrow)
            t_pool, t_back, t_meets = longer(t_pool), longer(t_back), longer(t_meets)
            t_next, t_queued, t_begun, t_free = longer(t_next), longer(t_queued), longer(t_begun), longer(t_free)
            t_state, t_need, t_hours, t_ends = longer(t_state), longer(t_need), longer(t_hours), longer(t_ends)
            for i in range(2 * room - 1, room - 1, -1):
                t_free[t_left] = i
                t_left += 1
            room *= 2
        if c_left == 0 or room >= 4 * MOST_CASES:
            if seats >= MOST_CASES or room >= 4 * MOST_CASES:
                status = CROWDED
                where = present
                break
            c_key, c_number, c_arrived = longer(c_key), longer(c_number), longer(c_arrived)
            c_tokens, c_waiting, c_sum = longer(c_tokens), longer(c_waiting), longer(c_sum)
            c_visits, c_errors, c_came = longer(c_visits), longer(c_errors), longer(c_came)
            c_at, c_joining, c_free = longer(c_at), longer(c_joining), longer(c_free)
            for i in range(2 * seats - 1, seats - 1, -1):
                c_free[c_left] = i
                c_left += 1
            seats *= 2
        if n_log == len(log_case):
            log_case, log_node = longer(log_case), longer(log_node)
            log_met, log_time = longer(log_met), longer(log_time)

        while True:
            now = times[0]
            if now >= horizon or status != DONE:
                running = False
                break
            if size + margin > len(times) or t_left < 4 * arrows + 16 or c_left == 0 or n_log == len(log_case):
                break
            what = whats[0]
            size -= 1
            sift(times, whats, size)
            events += 1
            while now >= boundary and batch < batches:
                case_sum[batch, _PRESENT] += present * (boundary - last)
                last = boundary
                batch += 1
                boundary = warmup + batch * length

            event, tok = what & 7, what >> 3
            c = -1
            if event <= _CAME and t_case[tok] < 0:
                # Called off: its doer was freed when that happened.
                t_state[tok] = _MOVING
                t_free[t_left] = tok
                t_left += 1
            elif event <= _MET:
                t_state[tok] = _MOVING
                cell, c = t_node[tok], t_case[tok]
                q, key, visit = p_pool[cell], c_key[t_case[tok]], c_visits[t_case[tok], t_node[tok]]
                if not is_touched[q]:
                    is_touched[q] = True
                    touched[n_touched] = q
                    n_touched += 1
                if keep_log:
                    log_case[n_log], log_node[n_log], log_met[n_log] = c_number[c], cell, event == _MET
                    log_time[n_log, 0], log_time[n_log, 1], log_time[n_log, 2] = t_queued[tok], t_begun[tok], now
                    n_log += 1
                back, meets = -1, 0
                if event == _WORKED:
                    busy[q] -= 1
                    name = (np.int64(visit) << 24) | (cell << 3)
                    if p_catch[cell] > 0.0:
                        for w in range(words):
                            errors = c_errors[c, w]
                            if errors != 0:
                                stream = key_of(key, name | _P_CATCH)
                                for bit in range(64):
                                    if (errors >> np.uint64(bit)) & one:
                                        made = 64 * w + bit
                                        if made != cell and uniform(stream, made) < p_catch[cell]:
                                            c_errors[c, w] &= ~(one << np.uint64(bit))
                                            cell_sum[batch, cell, _CAUGHT] += 1.0
                                            if back < 0:
                                                back = p_rework[cell] if p_rework[cell] >= 0 else made
                    if back >= 0:
                        c_sum[c, _REWORK] += 1.0
                    elif p_error[cell] > 0.0:
                        if uniform(key, name | _P_ERROR) < p_error[cell]:
                            c_errors[c, cell >> 6] |= one << np.uint64(cell & 63)
                            cell_sum[batch, cell, _ERRORS] += 1.0
                        else:
                            c_errors[c, cell >> 6] &= ~(one << np.uint64(cell & 63))
                    if back < 0 and m_people[cell] > 0 and uniform(key, name | _P_NEED) < m_probability[cell]:
                        meets = 1
                else:
                    busy[q] -= m_people[cell]
                    stream = key_of(key, (np.int64(visit) << 24) | (cell << 3) | _P_AGREE)
                    if uniform(stream, t_meets[tok]) >= m_agree[cell]:
                        meets = t_meets[tok] + 1
                t_meets[tok] = meets
                if meets > 0:
                    t_state[tok] = _QUEUED
                    t_queued[tok] = now
                    t_next[tok] = -1
                    line = p_queue[cell]
                    if q_tail[line] >= 0:
                        t_next[q_tail[line]] = tok
                    else:
                        q_head[line] = tok
                    q_tail[line] = tok
                else:
                    held[cell] -= 1
                    if back >= 0:
                        # In parallel with others the case makes a detour and comes back here; alone it takes the way anew.
                        if (inside[back] or c_tokens[c] + c_waiting[c] > 1) and t_back[tok] < 0:
                            t_back[tok] = cell
                        if has_or:
                            c_at[c, cell] -= 1
                            c_at[c, back] += 1
                        t_node[tok] = back
                        leaving[0] = False
                    elif t_back[tok] >= 0:
                        if has_or:
                            c_at[c, cell] -= 1
                            c_at[c, t_back[tok]] += 1
                        t_node[tok] = t_back[tok]
                        t_back[tok] = -1
                        leaving[0] = False
                    else:
                        leaving[0] = True
                    stack[0] = tok
                    depth = 1
            elif event == _NEW:
                c_left -= 1
                c = c_free[c_left]
                t_left -= 1
                tok = t_free[t_left]
                number += 1
                c_number[c], c_arrived[c], c_tokens[c], c_waiting[c] = number, now, 1, 0
                c_key[c] = key_of(key_of(seed, 2), number)
                for i in range(6):
                    c_sum[c, i] = 0.0
                for i in range(nodes):
                    c_visits[c, i] = 0
                for i in range(words):
                    c_errors[c, i] = 0
                if has_join:
                    for i in range(arrows):
                        c_came[c, i] = 0
                if has_or:
                    for i in range(nodes):
                        c_at[c, i] = 0
                        c_joining[c, i] = 0
                start = p_starts[0]
                if len(p_starts) > 1:
                    start = p_starts[int(uniform(c_key[c], 0) * len(p_starts))]
                t_case[tok], t_node[tok], t_pool[tok], t_back[tok], t_meets[tok] = c, start, -1, -1, 0
                if has_or:
                    c_at[c, start] += 1
                case_sum[batch, _PRESENT] += present * (now - last)
                last = now
                present += 1
                case_sum[batch, _ARRIVED] += 1.0
                stack[0], leaving[0], depth = tok, True, 1
                gap = duration(d_kind, d_first, d_number, p_arrival, arrivals, number)
                k = arrival_calendar
                if k == 0:
                    push(times, whats, size, now + gap, _NEW)
                else:
                    a_done += gap
                    later = wall(c_first[k], c_first[k + 1], p_opens, p_worked, p_week[k], a_done)
                    push(times, whats, size, later, _NEW)
                size += 1
            elif event == _CAME:
                c = t_case[tok]
                t_state[tok] = _MOVING
                stack[0], leaving[0], depth = tok, False, 1
            elif event == _CALENDAR:
                k = tok
                if k_open[k]:
                    k_open[k] = False
                    k_at[k] += 1
                    if k_at[k] == c_first[k + 1]:
                        k_at[k] = c_first[k]
                        k_base[k] += 168.0
                    push(times, whats, size, k_base[k] + p_opens[k_at[k]], (k << 3) | _CALENDAR)
                else:
                    k_open[k] = True
                    k_close[k] = k_base[k] + p_closes[k_at[k]]
                    push(times, whats, size, k_close[k], (k << 3) | _CALENDAR)
                    for q in range(pools):
                        if p_calendar[q] == k and not is_touched[q]:
                            is_touched[q] = True
                            touched[n_touched] = q
                            n_touched += 1
                size += 1
            else:
                day, week = int(now / 24.0 + 0.5), int(now / 168.0 + 1e-9)
                for q in range(pools):
                    if p_sick[q] > 0.0 or p_leave[q] > 0.0:
                        off = 0
                        for member in range(p_count[q]):
                            stream = key_of(key_of(seed, 3 + q), member)
                            sick = uniform(stream, 2 * day) < p_sick[q]
                            off += sick or uniform(stream, 2 * week + 1) < p_leave[q]
                        absent[q] = off
                        if not is_touched[q]:
                            is_touched[q] = True
                            touched[n_touched] = q
                            n_touched += 1
                push(times, whats, size, 24.0 * (day + 1), _DAY)
                size += 1

            # Tokens move until each waits, travels or has ended.
            moves, node = 0, 0
            settled = False
            while not settled:
                while depth > 0:
                    depth -= 1
                    tok, leaves = stack[depth], leaving[depth]
                    node, c = t_node[tok], t_case[tok]
                    kind = p_kind[node]
                    moves += 1
                    if moves > 1_000_000 or depth > deepest or t_left < arrows + 1 or c_visits[c, node] > MOST_VISITS:
                        status, where = ENDLESS, node
                        break
                    ends = False
                    if not leaves:
                        if node < cells:
                            if held[node] >= p_capacity[node] and c_tokens[c] == 1 and c_waiting[c] == 0:
                                case_sum[batch, _TURNED] += 1.0
                                t_free[t_left] = tok
                                t_left += 1
                                c_free[c_left] = c
                                c_left += 1
                                case_sum[batch, _PRESENT] += present * (now - last)
                                last = now
                                present -= 1
                                c = -1
                                continue
                            held[node] += 1
                            c_visits[c, node] += 1
                            t_state[tok] = _QUEUED
                            t_queued[tok] = now
                            t_next[tok] = -1
                            line = p_queue[node]
                            if q_tail[line] >= 0:
                                t_next[q_tail[line]] = tok
                            else:
                                q_head[line] = tok
                            q_tail[line] = tok
                            q = p_pool[node]
                            if not is_touched[q]:
                                is_touched[q] = True
                                touched[n_touched] = q
                                n_touched += 1
                            continue
                        width = in_first[node + 1] - in_first[node]
                        full = True
                        if kind == END:
                            ends = True
                        elif kind == TERMINATE:
                            ends = True
                            while depth > 0:
                                depth -= 1
                                t_free[t_left] = stack[depth]
                                t_left += 1
                                t_case[stack[depth]] = -1
                            for other in range(room):
                                if t_case[other] != c or t_state[other] == _MOVING:
                                    continue
                                t_case[other] = -1
                                at = t_node[other]
                                if t_state[other] != _TRAVELLING:
                                    held[at] -= 1
                                if t_state[other] == _WORKING:
                                    q = p_pool[at]
                                    busy[q] -= t_need[other]
                                    if not is_touched[q]:
                                        is_touched[q] = True
                                        touched[n_touched] = q
                                        n_touched += 1
                                    # What would still have been done of it is neither worked nor paid.
                                    spared = (
                                        t_hours[other]
                                        * (t_ends[other] - now)
                                        / max(t_ends[other] - t_begun[other], 1e-12)
                                    )
                                    c_sum[c, _COST] -= t_need[other] * spared * p_rate[q]
                                    if t_meets[other] > 0:
                                        c_sum[c, _MEETING] -= t_need[other] * spared
                                        cell_sum[batch, at, _C_MEETING] -= t_need[other] * spared
                                    else:
                                        c_sum[c, _WORK] -= spared
                                        cell_sum[batch, at, _C_WORK] -= spared
                            c_tokens[c], c_waiting[c] = 1, 0
                        elif kind == AND and width > 1:
                            c_came[c, t_arrow[tok]] += 1
                            for i in range(in_first[node], in_first[node + 1]):
                                full &= c_came[c, in_arrow[i]] > 0
                            if full:
                                for i in range(in_first[node], in_first[node + 1]):
                                    c_came[c, in_arrow[i]] -= 1
                                c_waiting[c] -= width - 1
                                if has_or:
                                    c_at[c, node] -= width - 1
                            else:
                                c_tokens[c] -= 1
                                c_waiting[c] += 1
                                t_free[t_left] = tok
                                t_left += 1
                        elif kind == OR and width > 1:
                            full = False
                            c_joining[c, node] += 1
                            c_tokens[c] -= 1
                            c_waiting[c] += 1
                            t_free[t_left] = tok
                            t_left += 1
                        leaves = full and not ends
                    if ends:
                        c_tokens[c] -= 1
                        if has_or:
                            c_at[c, node] -= 1
                        t_free[t_left] = tok
                        t_left += 1
                        if c_tokens[c] == 0 and c_waiting[c] == 0:
                            lead = now - c_arrived[c]
                            right = 1.0
                            for w in range(words):
                                if c_errors[c, w] != 0:
                                    right = 0.0
                            case_sum[batch, _DONE] += 1.0
                            case_sum[batch, _LEAD] += lead
                            case_sum[batch, _RIGHT] += right
                            if c_sum[c, _REWORK] == 0.0:
                                case_sum[batch, _FIRST] += right
                            for i in range(6):
                                case_sum[batch, _SUMS + i] += c_sum[c, i]
                            if batch > 0:
                                place = 0
                                if lead > LEAD_LOW_H:
                                    place = min(LEAD_BINS - 1, 1 + int(np.log(lead / LEAD_LOW_H) / LEAD_STEP))
                                histogram[place] += 1
                            c_free[c_left] = c
                            c_left += 1
                            case_sum[batch, _PRESENT] += present * (now - last)
                            last = now
                            present -= 1
                            c = -1
                            continue
                    if leaves:
                        begin, end = out_first[node], out_first[node + 1]
                        if kind == XOR and end - begin > 1:
                            c_visits[c, node] += 1
                            name = (np.int64(c_visits[c, node]) << 24) | (node << 3) | _P_ROUTE
                            u = uniform(c_key[c], name)
                            while p_chance[begin] <= u:
                                begin += 1
                            end = begin + 1
                        elif kind == OR:
                            c_visits[c, node] += 1
                        stream = c_key[c]
                        if kind == OR and end - begin > 1:
                            stream = key_of(c_key[c], (np.int64(c_visits[c, node]) << 24) | (node << 3) | _P_ROUTE)
                        none = True
                        whole = 0.0
                        if kind == OR and end - begin > 1:
                            for a in range(begin, end):
                                whole += p_chance[a]
                                none &= uniform(stream, a) >= p_chance[a]
                            if none:  # At least one way is taken; which, by their weights.
                                u = uniform(stream, arrows) * whole
                                at = begin
                                while at + 1 < end and u >= p_chance[at]:
                                    u -= p_chance[at]
                                    at += 1
                                begin, end = at, at + 1
                                none = False
                                whole = -1.0
                        fresh = True
                        if has_or:
                            c_at[c, node] -= 1
                        for a in range(begin, end):
                            if kind == OR and whole > 0.0 and end - begin > 1 and uniform(stream, a) >= p_chance[a]:
                                continue
                            if fresh:
                                goer = tok
                                fresh = False
                            else:
                                t_left -= 1
                                goer = t_free[t_left]
                                t_case[goer], t_pool[goer], t_back[goer], t_meets[goer] = c, t_pool[tok], -1, 0
                                c_tokens[c] += 1
                            t_node[goer], t_arrow[goer] = p_target[a], a
                            if has_or:
                                c_at[c, p_target[a]] += 1
                            if p_delay[a] >= 0:
                                t_state[goer] = _TRAVELLING
                                name = (np.int64(c_visits[c, node]) << 24) | _P_DELAY
                                gap = duration(d_kind, d_first, d_number, p_delay[a], key_of(c_key[c], name), a)
                                push(times, whats, size, now + gap, (goer << 3) | _CAME)
                                size += 1
                            else:
                                stack[depth], leaving[depth] = goer, False
                                depth += 1
                # The case's joins, when nothing of it moves at this moment.
                settled = True
                if status == DONE and c >= 0 and c_waiting[c] > 0:
                    if has_or:
                        fire = -1
                        for join in range(cells, nodes):
                            if c_joining[c, join] > 0:
                                # One that still travels to the join is there by its name, and has not come.
                                free = c_at[c, join] == c_joining[c, join]
                                for other in range(nodes):
                                    if other != join and c_at[c, other] > 0 and p_reach[other, join]:
                                        free = False
                                        break
                                if free or (fire < 0 and c_tokens[c] == 0):
                                    fire = join
                                    if free:
                                        break
                        if fire >= 0:
                            t_left -= 1
                            tok = t_free[t_left]
                            t_case[tok], t_node[tok], t_pool[tok], t_back[tok], t_meets[tok] = c, fire, -1, -1, 0
                            c_waiting[c] -= c_joining[c, fire]
                            c_at[c, fire] -= c_joining[c, fire] - 1
                            c_joining[c, fire] = 0
                            c_tokens[c] += 1
                            stack[0], leaving[0], depth = tok, True, 1
                            settled = False
                    if depth == 0 and c_tokens[c] == 0:
                        for join in range(cells, nodes):
                            if p_kind[join] == AND:
                                for i in range(in_first[join], in_first[join + 1]):
                                    if c_came[c, in_arrow[i]] > 0:
                                        node = join
                        status, where = STUCK, node

            # Pools begin what they can.
            while n_touched > 0:
                n_touched -= 1
                q = touched[n_touched]
                is_touched[q] = False
                k = p_calendar[q]
                if not k_open[k]:
                    continue
                free_now = p_count[q] - absent[q] - busy[q]
                line = queue_first[q]
                while free_now > 0 and line < queue_first[q + 1]:
                    tok = q_head[line]
                    if tok < 0:
                        line += 1
                        continue
                    cell, c = t_node[tok], t_case[tok]
                    if c < 0:
                        q_head[line] = t_next[tok]
                        if q_head[line] < 0:
                            q_tail[line] = -1
                        t_state[tok] = _MOVING
                        t_free[t_left] = tok
                        t_left += 1
                        continue
                    visit = c_visits[c, cell]
                    wait = now - t_queued[tok]
                    need = 1
                    if t_meets[tok] > 0:
                        need = m_people[cell]
                        if need > free_now:
                            break  # Those who are free wait for the others: nothing else is begun.
                        hours = m_hours[cell]
                        c_sum[c, _MEETING] += need * hours
                        cell_sum[batch, cell, _C_MEETING] += need * hours
                        cell_sum[batch, cell, _HELD] += wait
                        event = _MET
                    else:
                        name = (np.int64(visit) << 24) | (cell << 3) | _P_WORK
                        hours = duration(d_kind, d_first, d_number, p_work[cell], c_key[c], name)
                        if t_pool[tok] != q:
                            if t_pool[tok] >= 0:
                                c_sum[c, _HANDOVERS] += 1.0
                                hours += p_handover[q]
                            t_pool[tok] = q
                        c_sum[c, _WORK] += hours
                        c_sum[c, _COST] += p_cost[cell]
                        cell_sum[batch, cell, _VISITS] += 1.0
                        cell_sum[batch, cell, _C_WORK] += hours
                        event = _WORKED
                    c_sum[c, _WAIT] += wait
                    c_sum[c, _COST] += need * hours * p_rate[q]
                    cell_sum[batch, cell, _C_WAIT] += wait
                    q_head[line] = t_next[tok]
                    if q_head[line] < 0:
                        q_tail[line] = -1
                    t_begun[tok] = now
                    end_h = now + hours
                    if end_h > k_close[k]:
                        done = (
                            np.floor(now / 168.0) * p_week[k] + p_worked[k_at[k]] + now - k_base[k] - p_opens[k_at[k]]
                        )
                        end_h = wall(c_first[k], c_first[k + 1], p_opens, p_worked, p_week[k], done + hours)
                    t_state[tok], t_need[tok], t_hours[tok], t_ends[tok] = _WORKING, need, hours, end_h
                    busy[q] += need
                    free_now -= need
                    push(times, whats, size, end_h, (tok << 3) | event)
                    size += 1

    while batch < batches:  # Nothing happened up to these boundaries.
        case_sum[batch, _PRESENT] += present * (boundary - last)
        last = boundary
        batch += 1
        boundary = warmup + batch * length
    case_sum[batch, _PRESENT] += present * (horizon - last)
    if status == DONE:
        where = present
    return (
        status,
        where,
        events,
        case_sum,
        cell_sum,
        histogram,
        log_case[:n_log],
        log_node[:n_log],
        log_met[:n_log],
        log_time[:n_log],
    )
