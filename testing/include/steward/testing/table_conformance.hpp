// SPDX-License-Identifier: Apache-2.0
//
// What every backend of `table` must do (T1 to T3), as a GoogleTest suite to be run on yours:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(MyTable, table_conformance, my_fixture);   // in namespace steward::testing
//
// where `my_fixture` is as `table_fixture` says.
#pragma once

#include "steward/testing/table_conformance_iteration.hpp"
#include "steward/testing/table_conformance_rows.hpp"
#include "steward/testing/table_conformance_watch.hpp"

namespace steward::testing {

REGISTER_TYPED_TEST_SUITE_P(table_conformance, T1_GetReturnsTheValueWithWhatIsWantedAndTheGeneration, T1_AKeyWithoutARowIsNotFound,
                            T1_WhatIsNotThereIsNeitherErasedNorChanged, T1_AGenerationGrowsWithEachEditAndOverADeletion,
                            T1_AReadUnderAStoppedContextFailsWithTheStop, T2_AnEmptyTableIsAtItsEndWithoutAnError, T2_EachRowComesOnceWithItsContent,
                            T2_ManyRowsEachComeOnce, T2_GetOutsideARowIsAnError, T2_AClosedIteratorIsAtItsEndAndMayBeClosedAgain,
                            T2_LeavingIteratorsInTheMiddleReleasesWhatTheyHeld, T2_RowsThatStayAreSeenOnceWhileOthersComeAndGo,
                            T2_SeveralIterationsAtOnceDoNotDisturbEachOther, T3_UnusualTextsAreKeysLikeAnyOther,
                            T3_ManyThreadsReadAndEditAtTheSameTime, T3_AWatchIsToldOfEachEdit, T3_WhatAWatchIsToldOfCanBeRead,
                            T3_EachWatchIsToldUntilItEnds, T3_AWatchMayEndWhileOthersEdit);

}  // namespace steward::testing
