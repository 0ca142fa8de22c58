package org.echoharness.maven;

import java.util.Map;
import java.util.Properties;
import org.apache.maven.model.Model;
import org.apache.maven.project.MavenProject;

/** A project that returns a new object for the same properties each time, as Maven 4 does. */
final class Maven4Project extends MavenProject {

    Maven4Project(Model model) {
        super(model);
    }

    @Override
    public Properties getProperties() {
        return new WrittenThrough(super.getProperties());
    }

    /** Writes each change to the properties of the project. */
    private static final class WrittenThrough extends Properties {

        private static final long serialVersionUID = 1;

        private final Properties there;

        WrittenThrough(Properties there) {
            super.putAll(there);
            this.there = there;
        }

        @Override
        public synchronized Object put(Object name, Object value) {
            there.put(name, value);
            return super.put(name, value);
        }

        @Override
        public synchronized void putAll(Map<?, ?> all) {
            there.putAll(all);
            super.putAll(all);
        }

        @Override
        public synchronized Object remove(Object name) {
            there.remove(name);
            return super.remove(name);
        }

        /** A copy is independent of the project. */
        @Override
        public synchronized Object clone() {
            return there.clone();
        }
    }
}
