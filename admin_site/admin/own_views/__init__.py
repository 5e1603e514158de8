"""The views of our own models that say more than is generated."""

from admin_site.admin.own_views.kept import DraftView, ListPreferenceView, SavedViewView, SubmissionView
from admin_site.admin.own_views.people import UserView
from admin_site.admin.own_views.rights import RoleGrantView, RoleView
from admin_site.admin.own_views.school import CourseView, EnrollmentView
from admin_site.admin.own_views.sign_ins import (
    CredentialTokenView,
    OutgoingMailView,
    RecoveryCodeView,
    SecondFactorView,
    ThrottleView,
    UserSessionView,
    ViewingView,
)
from admin_site.admin.own_views.trail import AuditEntryView
from admin_site.admin.views import AdminView

VIEWS: tuple[type[AdminView], ...] = (
    UserView,
    UserSessionView,
    CredentialTokenView,
    AuditEntryView,
    SavedViewView,
    ListPreferenceView,
    SubmissionView,
    DraftView,
    SecondFactorView,
    RecoveryCodeView,
    ViewingView,
    ThrottleView,
    OutgoingMailView,
    CourseView,
    EnrollmentView,
    RoleView,
    RoleGrantView,
)
