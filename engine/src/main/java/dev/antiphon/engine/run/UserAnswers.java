package dev.antiphon.engine.run;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;

import java.util.ArrayList;
import java.util.List;

/// The user's answers since the last step finished, oldest first, by the source of the question.
///
/// @param ofStep answers to the step's own questions
/// @param ofService answers to questions of the service that the step calls
record UserAnswers(List<String> ofStep, List<String> ofService) {

    static final UserAnswers NONE = new UserAnswers(List.of(), List.of());

    UserAnswers {
        ofStep = List.copyOf(ofStep);
        ofService = List.copyOf(ofService);
    }

    /// Assigns the answers to the sources of the questions.
    ///
    /// @param answers all of them
    /// @param chunks the run's, from 0 on
    /// @param finished the number of chunks that belong to finished steps
    static UserAnswers of(List<String> answers, List<byte[]> chunks, int finished) {
        if (answers.isEmpty()) {
            return NONE;
        }
        List<Boolean> askedByService = new ArrayList<>();
        for (byte[] chunk : chunks.subList(Math.min(finished, chunks.size()), chunks.size())) {
            if (Chunk.decode(chunk).body() instanceof ChunkBody.Status(String status, var details)
                    && status.equals(ChunkBody.Status.INTERRUPT)) {
                askedByService.add(ServiceQuestion.isIn(details));
            }
        }
        // After an update of the worker the steps start again, and older questions are among
        // the chunks.
        int older = askedByService.size() - answers.size();
        List<String> ofStep = new ArrayList<>();
        List<String> ofService = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            boolean byService = older + i >= 0 && askedByService.get(older + i);
            (byService ? ofService : ofStep).add(answers.get(i));
        }
        return new UserAnswers(ofStep, ofService);
    }
}
