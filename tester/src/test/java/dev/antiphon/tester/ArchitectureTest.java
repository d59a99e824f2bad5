package dev.antiphon.tester;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says: no client of a server, because its pom leaves them
/// out.
@AnalyzeClasses(packages = "dev.antiphon.tester", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    @ArchTest
    static final ArchRule tester =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.tester..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.tester..",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api..",
                            "dev.antiphon.time",
                            "dev.antiphon.backplane.doorbell",
                            "dev.antiphon.backplane.history",
                            "dev.antiphon.backplane.log",
                            "dev.antiphon.backplane.tools",
                            "dev.antiphon.engine..",
                            "dev.antiphon.tools",
                            "tools.jackson..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");
}
