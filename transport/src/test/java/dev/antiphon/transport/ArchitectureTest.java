package dev.antiphon.transport;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The packages that this module can use, beyond what its pom says.
@AnalyzeClasses(packages = "dev.antiphon.transport", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {

    /// The transport knows no service, no run and no model library.
    @ArchTest
    static final ArchRule transport =
            classes()
                    .that()
                    .resideInAPackage("dev.antiphon.transport")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.antiphon.transport",
                            "dev.antiphon.protocol..",
                            "dev.antiphon.api.model",
                            "org.slf4j..",
                            "tools.jackson..",
                            "java..",
                            "javax..",
                            "jdk..",
                            "org.jspecify..");
}
