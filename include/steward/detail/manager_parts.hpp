// SPDX-License-Identifier: Apache-2.0
//
// The parts of a manager, each a page: they are templates, so whoever uses a manager needs them all.
#pragma once

#include "steward/detail/manager_answers.hpp"
#include "steward/detail/manager_control.hpp"
#include "steward/detail/manager_edit.hpp"
#include "steward/detail/manager_groups.hpp"
#include "steward/detail/manager_life.hpp"
#include "steward/detail/manager_memory.hpp"
#include "steward/detail/manager_order.hpp"
#include "steward/detail/manager_plan.hpp"
#include "steward/detail/manager_policy.hpp"
#include "steward/detail/manager_reads.hpp"
#include "steward/detail/manager_rows.hpp"
#include "steward/detail/manager_run.hpp"
#include "steward/detail/manager_tell.hpp"
#include "steward/detail/manager_waiting.hpp"
#include "steward/detail/manager_watch.hpp"
