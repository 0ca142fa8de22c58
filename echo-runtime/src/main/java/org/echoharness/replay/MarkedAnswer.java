package org.echoharness.replay;

import java.util.ArrayList;
import java.util.List;
import org.echoharness.script.Data;
import org.echoharness.script.Step;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/** Sends an answer of which a server sent two forms: those values of the client that it has sent back, as it did. */
final class MarkedAnswer {

    private MarkedAnswer() {}

    /**
     * Returns a step that sends one form, with names for the values that came back.
     *
     * @param values the values that the client has sent before
     */
    static Step sent(String one, String other, ReturnedValues values, MessageSteps.Detail detail) {
        if (one.equals(other)) {
            return MessageSteps.sent(one, detail);
        }
        Template whole = values.answer(one, other);
        List<Data> data = whole != null ? MessageSteps.data(whole, detail) : frames(one, other, values, detail);
        return data == null ? MessageSteps.sent(one, detail) : new Step.Send(data);
    }

    /** Returns the frames of an answer whose values have other lengths; null if it is none of frames. */
    private static @Nullable List<Data> frames(
            String one, String other, ReturnedValues values, MessageSteps.Detail detail) {
        MessageFrames frames = MessageFrames.of(one, other);
        if (frames == null) {
            return null;
        }
        List<Data> data = new ArrayList<>();
        StringBuilder same = new StringBuilder(); // what is sent as it was
        for (int i = 0; i < frames.mine().size(); i++) {
            MessageFrames.Frame frame = frames.mine().get(i);
            Template body = values.answer(frame.body(), frames.theirs().get(i).body());
            if (body == null || body.names().isEmpty()) {
                same.append(frame.whole());
                continue;
            }
            same.append(frame.prefix());
            data.addAll(MessageSteps.data(MessageSteps.literally(same.toString()), detail));
            same.setLength(0);
            data.add(new Data.Frame(frames.length(), MessageSteps.data(body, detail)));
        }
        data.addAll(MessageSteps.data(MessageSteps.literally(same.toString()), detail));
        return data;
    }
}
