"""The views of the example school."""

from admin_site.admin.views import AdminView
from admin_site.models import Course, Enrollment
from admin_site.permissions import RowScope


class CourseView(AdminView, model=Course):
    list_editable = ["start_date", "end_date", "is_active"]


class EnrollmentView(AdminView, model=Enrollment):
    row_scopes = {
        "active-courses": RowScope(
            "Only those in active courses",
            lambda statement, _: statement.where(Enrollment.course.has(Course.is_active)),
        )
    }
