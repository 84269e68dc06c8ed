"""Every kind of transaction that the server makes, as whoever causes it would: a till, a hub, the office, the schedule.

A kind names the functions that open its transactions; a rule of the house compares these with the server's code, so a
function that begins to write needs a line in one of these, and gets its crash points and disk trouble by that.
"""

from __future__ import annotations

from tests.crash_points.kinds_of_machines import ITSELF, MACHINES
from tests.crash_points.kinds_of_people import API, COMMANDS, CONSOLE

PEOPLE = API | CONSOLE | COMMANDS
KINDS = MACHINES | ITSELF | PEOPLE
